"""A node among others: carries out what ``membership`` decides, on the register. It decides nothing itself.

Each write gets one outcome: done, refused with what stands there, or unknown once nobody waits any more. The first two
are the register's word; the third is ours, and the write may still be done after it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog

from tuntas.cluster import clock, messages
from tuntas.cluster.membership import NEVER, Membership, NodeStanding, Timing
from tuntas.cluster.messages import Effect, EndAll, Message, NameLives, Resync, Until, Write
from tuntas.cluster.ports import ClusterUnusable, Outdated, Register, Unreachable
from tuntas.cluster.records import About, Lease, Owner, RegisterEntry, node_key
from tuntas.events import Bell
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.errors import TryLater

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a node's decision does to the rest of its server.

    ``on_until``: browsers may run until then, on ``clock``; it returns when that is so for the guard too.
    ``end_all`` returns when nothing runs any more.
    """

    about: Callable[[], About]
    on_until: Callable[[float], None]
    end_all: Callable[[str], Awaitable[None]]


class ClusterMember:
    """Implements ``tuntas.sessions.ports.Ownership`` on a register."""

    def __init__(
        self, name: str, identity: str, register: Register, hooks: Hooks, timing: Timing | None = None
    ) -> None:
        """Prepare to join as ``name``; ``run`` does. ``identity``: see ``records.Lease``."""
        self._timing = timing or Timing()
        self._name = name
        self._membership = Membership(name, identity, ulid(), self._timing)
        self._register = register
        self._hooks = hooks
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._changes = Bell()
        self._tasks: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._until = NEVER
        self._heard_own = 0
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # --- what sessions ask ----------------------------------------------------------------------------------------

    def fence(self, session_id: str) -> int | None:
        """Return the fence under which this node may act for a session now; None: it may not."""
        held = self.holds(session_id)
        return None if held is None else held.fence

    def holds(self, session_id: str) -> Owner | None:
        """Return how this node may act for a session now; only at its ``home`` may its browser run."""
        return self._membership.holds(session_id, clock.now())

    def owner(self, session_id: str) -> str | None:
        """Return the node that answers for a session, as far as it is known here."""
        seen = self._membership.view.owners.get(session_id)
        return None if seen is None else seen.owner.node

    def changed(self) -> asyncio.Event:
        """Return what is set the next time that anything has changed."""
        return self._changes.next()

    async def create(self, session_id: str) -> int:
        """Own a new session."""
        self._inbox.put_nowait(messages.Create(session_id))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.self_seconds):
                while (fence := self.fence(session_id)) is None:
                    await self.changed().wait()
                return fence
        message = "This node has no lease from its cluster for now; ask again."
        raise TryLater(message)

    async def forget(self, session_id: str) -> None:
        """Let go of a session that was removed."""
        self._inbox.put_nowait(messages.Forget(session_id))

    def give(self, session_id: str, node: str, home: str) -> None:
        """Give a session away whose browser here is ended; ``home`` has its profile then."""
        self._inbox.put_nowait(messages.Give(session_id, node, home))

    def nodes(self) -> dict[str, Lease]:
        """Return the leases of all nodes, as far as they are seen."""
        return {name: seen.lease for name, seen in self._membership.view.nodes.items()}

    def placed(self) -> list[str]:
        """Return the nodes that take sessions, those with the most room first."""
        return self._membership.view.living()

    def owners(self) -> dict[str, Owner]:
        """Return the owners of all sessions, as far as they are seen."""
        return {session_id: seen.owner for session_id, seen in self._membership.view.owners.items()}

    @property
    def is_live(self) -> bool:
        """Whether this node has a lease that goes on."""
        return self._membership.standing is NodeStanding.LIVE and clock.now() < self._membership.own.deadline

    # --- life -----------------------------------------------------------------------------------------------------

    async def joined(self) -> None:
        """Return once this node lives.

        Raises:
            ClusterUnusable: another one lives under its name.
        """
        while not self.is_live:
            if self._failure.done():
                self._failure.result()
            await self.changed().wait()

    async def run(self) -> None:
        """Live until cancelled. Raises ClusterUnusable: another one lives under its name."""
        try:
            while not self._failure.done():
                message = await self._next()
                self._take(message)
            self._failure.result()
        finally:
            await end(self._following)
            for task in self._tasks.copy():
                await end(task)

    async def leave(self) -> None:
        """Say that nothing of this node runs any more. Call it after ``run`` has ended; bounded in time."""
        self._set_until(NEVER)
        try:
            async with asyncio.timeout(2 * self._timing.beat_seconds):
                while not await self._has_left():
                    pass  # a renewal that was under way has come in between
        except (Unreachable, TimeoutError) as error:
            # Others find out by themselves, a little later.
            log.warning("cluster_left_without_word", error=repr(error))

    async def _has_left(self) -> bool:
        """Write that this node has left; False where its lease has changed since it was read."""
        self._membership.take(messages.Heard(await self._register.read(node_key(self._name))), clock.now())
        for effect in self._membership.take(messages.Leave(), clock.now()):
            if isinstance(effect, Write):
                try:
                    await self._register.write(effect.key, effect.value, effect.expected)
                except Outdated:
                    return False
        return True

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(self._timing.beat_seconds / 4):
                return await self._inbox.get()
        except TimeoutError:
            return messages.Tick(self._hooks.about())

    def _take(self, message: Message) -> None:
        was = self._membership.standing
        for effect in self._membership.take(message, clock.now()):
            self._carry_out(effect)
        standing = self._membership.standing
        if standing is not was:
            log.info("cluster_standing", node=self._name, standing=standing.value)
        if standing is not was or not isinstance(message, messages.Tick):
            self._changes.ring()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Write():
                self._begin(self._write(effect), f"cluster: write {effect.key}")
            case Until(deadline):
                self._set_until(deadline)
            case EndAll(reason):
                log.warning("cluster_ends_all", reason=reason)
                self._begin(self._end_all(reason), "cluster: end all")
            case Resync():
                self._begin(self._follow_anew(), "cluster: follow anew")
            case NameLives():
                name = self._name
                message = f"Another node lives as {name}. Give each its own TUNTAS_NODE_NAME, or stop the other."
                if not self._failure.done():
                    self._failure.set_exception(ClusterUnusable(message))
                    self._changes.ring()
            case _:
                assert_never(effect)

    def _set_until(self, deadline: float) -> None:
        if deadline != self._until:
            self._until = deadline
            self._hooks.on_until(deadline)

    def _begin(self, work: Awaitable[None], name: str) -> None:
        async def working() -> None:
            await work

        task = spawn(working(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, write: Write) -> None:
        outcome: Message = messages.Unknown(write.number)
        try:
            # Not longer than a few beats: the next renewal waits for this one.
            async with asyncio.timeout(2 * self._timing.beat_seconds):
                try:
                    revision = await self._register.write(write.key, write.value, write.expected)
                    outcome = messages.Written(write.number, revision)
                except Outdated:
                    outcome = messages.WriteRefused(write.number, await self._register.read(write.key))
        except (Unreachable, TimeoutError) as error:
            log.info("cluster_write_unanswered", key=write.key, error=repr(error))
        self._inbox.put_nowait(outcome)

    async def _end_all(self, reason: str) -> None:
        await self._hooks.end_all(reason)
        self._inbox.put_nowait(messages.AllEnded(ulid()))

    async def _follow_anew(self) -> None:
        await end(self._following)
        self._following = spawn(self._follow(), name="cluster: follow")

    async def _follow(self) -> None:
        while True:
            asked = self._membership.view.newest

            def on_all(entries: Sequence[RegisterEntry], asked: int = asked) -> None:
                self._inbox.put_nowait(messages.Snapshot(tuple(entries), asked))

            silent = spawn(self._silence(), name="cluster: silence of the watch")
            following = spawn(self._watch(on_all), name="cluster: watch")
            try:
                await asyncio.wait((silent, following), return_when=asyncio.FIRST_COMPLETED)
            finally:
                await end(silent)
                await end(following)
            await asyncio.sleep(self._timing.beat_seconds / 4)

    async def _watch(self, on_all: Callable[[Sequence[RegisterEntry]], None]) -> None:
        try:
            await self._register.follow(on_all, self._heard, self._timing.beat_seconds / 4)
        except Unreachable as error:
            log.info("cluster_watch_broke", error=str(error))

    def _heard(self, entry: RegisterEntry) -> None:
        if entry.key == node_key(self._name):
            self._heard_own = entry.revision
        self._inbox.put_nowait(messages.Heard(entry))

    async def _silence(self) -> None:
        """Return when the watch has missed our own beats: it may be broken without a word."""
        while True:
            before = self._membership.own.revision
            await asyncio.sleep(4 * self._timing.beat_seconds)
            if before and self._heard_own < before:
                log.info("cluster_watch_is_silent")
                return
