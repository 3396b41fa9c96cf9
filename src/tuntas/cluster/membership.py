"""One node's whole decision: its lease, whom it buries, what it claims, when it ends everything. Does nothing itself.

Messages go in with the time, effects come out; whoever carries them out gives each write one outcome. Times are seconds
of a clock that runs on while the machine sleeps; only differences on one node are ever compared.

Why there are never two browsers of one session:

- A lease is good for SELF from the *sending* of the write that renewed it. Others bury it when they have seen it
  unchanged for TAKE, each on its own clock, and they saw it after it was sent. So SELF and the ending are shorter than
  TAKE, with room for clocks that run apart in rate. A burial is a compare-and-set on exactly what was seen.
- A session is claimed from a life that is over, and by compare-and-set, so by one.
- A claim counts only under a lease that was written after it. An engine that loses its newest writes (a restore, a
  power cut) loses that lease with the claim, and the next renewal fails: nobody goes on under a claim that was lost.
- The fence is written into the database before a browser starts, and only grows there. A claim whose fence is not above
  it was made from a past of the engine: then all ends here, and nothing is claimed before TAKE has passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from tuntas.cluster import messages
from tuntas.cluster.messages import Effect, EndAll, Message, NameLives, Resync, Until, Write
from tuntas.cluster.records import BURIED, LEFT, NODES, About, Lease, Owner, RegisterEntry, node_key, owner_key
from tuntas.cluster.view import SeenLease, View, Writes

NEVER = float("-inf")
# So many writes may be under way at one moment: a node that is lost can leave thousands of sessions.
WRITES_AT_ONCE = 64


class NodeStanding(StrEnum):
    """How a node stands in the cluster."""

    JOINING = "joining"
    LIVE = "live"
    ENDING = "ending"  # it may not go on, and ends its browsers
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Timing:
    """How often a lease is renewed, how long it is good for its node, and when others may take over."""

    beat_seconds: float = 2.0
    self_seconds: float = 18.0
    take_seconds: float = 21.0


class OwnLease:
    """This node's lease: what was sent when, and what came of it."""

    def __init__(self) -> None:
        """Nothing was sent."""
        self.revision = 0
        """As the register has confirmed it to this life; 0: not yet."""
        self.deadline = NEVER
        self.due_at = NEVER
        self._beat = 0
        self._sent: dict[int, float] = {}

    def next_beat(self, now: float, timing: Timing) -> int:
        """Note that a renewal is sent now; return its number."""
        self._beat += 1
        self.due_at = now + timing.beat_seconds
        self._sent = {beat: at for beat, at in self._sent.items() if at > now - timing.self_seconds}
        self._sent[self._beat] = now
        return self._beat

    def confirmed(self, beat: int, revision: int, timing: Timing) -> None:
        """Note that a renewal stands in the register: what counts is when it was sent."""
        if (sent_at := self._sent.get(beat)) is not None:
            self.revision = revision
            self.deadline = max(self.deadline, sent_at + timing.self_seconds)

    def forget(self) -> None:
        """Begin another life: what was sent before means nothing any more."""
        self.revision, self.deadline, self.due_at = 0, NEVER, NEVER
        self._sent.clear()


class Membership:
    """What a node knows of the cluster, and what follows from it."""

    def __init__(self, name: str, identity: str, incarnation: str, timing: Timing | None = None) -> None:
        """Begin outside; the first effect of the first ``Tick`` is to read everything."""
        self.name = name
        self.incarnation = incarnation
        self.standing = NodeStanding.JOINING
        self.view = View()
        self.own = OwnLease()
        self._identity = identity
        self._timing = timing or Timing()
        self._about = About()
        self._writes = Writes()
        # What a database was ahead with, by session; and to whom sessions go, and where their profile is then.
        self._floors: dict[str, int] = {}
        self._given: dict[str, tuple[str, str]] = {}
        self._times = _Times()

    # --- what may be asked ----------------------------------------------------------------------------------------

    def holds(self, session_id: str, now: float) -> Owner | None:
        """Return how this node may act for a session now; None: it may not."""
        seen = self.view.owners.get(session_id)
        if self.standing is not NodeStanding.LIVE or now >= self.own.deadline or seen is None:
            return None
        is_covered = self.own.revision > seen.revision and session_id not in self._given
        return seen.owner if is_covered and self._is_mine(seen.owner) else None

    # --- what comes in --------------------------------------------------------------------------------------------

    def take(self, message: Message, now: float) -> list[Effect]:
        """Take a message in; return what is to be done, in order."""
        effects: list[Effect] = []
        if self.standing is NodeStanding.LIVE and now >= self.own.deadline:
            effects += self._end("lease_lapsed", now, 0.0)
        effects += self._taken(message, now)
        return effects + list(self._what_follows(now))

    def _taken(self, message: Message, now: float) -> Iterator[Effect]:
        match message:
            case messages.Tick(about):
                if about.is_draining != self._about.is_draining:
                    self.own.due_at = NEVER
                self._about = about
                if self._times.is_unread:
                    self._times.is_unread = False
                    yield Resync()
            case messages.Snapshot(entries, newest_at_asking):
                yield from self._snapshot(entries, newest_at_asking, now)
            case messages.Heard(entry):
                self._hear(entry, now)
            case messages.Written(number, revision):
                yield from self._written(number, revision, now)
            case messages.WriteRefused(number, current):
                yield from self._refused(number, current, now)
            case messages.Unknown(number):
                self._writes.end(number)
            case messages.FenceBehind(session_id, fence):
                self._floors[session_id] = max(fence, self._floors.get(session_id, 0))
                yield from self._end("fence_behind", now, self._timing.take_seconds)
            case messages.AllEnded(incarnation):
                yield from self._anew(incarnation)
            case messages.Create(session_id):
                if self._may_write(owner_key(session_id), now) and session_id not in self.view.owners:
                    yield self._write(owner_key(session_id), 0, Owner(self.name, self.incarnation, 1, self.name))
            case messages.Give(session_id, node, home):
                self._given[session_id] = node, home
            case messages.Forget(session_id):
                seen = self.view.owners.get(session_id)
                if seen is not None and self._is_mine(seen.owner) and self._may_write(owner_key(session_id), now):
                    yield self._write(owner_key(session_id), seen.revision, None)
            case messages.Leave():
                yield from self._leave()
            case _:
                assert_never(message)

    def _snapshot(self, entries: tuple[RegisterEntry, ...], newest_at_asking: int, now: float) -> Iterator[Effect]:
        newest = max((entry.revision for entry in entries), default=0)
        if newest < newest_at_asking:
            yield from self._end("engine_went_back", now, self._timing.take_seconds)
            return
        self.view.keep_only(entries)
        for entry in entries:
            self._hear(entry, now)
        self._times.is_synced = True

    def _hear(self, entry: RegisterEntry, now: float) -> None:
        table, _, name = entry.key.partition("/")
        was = self.view.nodes.get(self.name)
        if not self.view.take(entry, now) or entry.value is None:
            return
        if table != NODES:
            if self._is_mine(self.view.owners[name].owner):
                self.own.due_at = NEVER  # a claim counts only under a lease that is written after it
            else:
                self._given.pop(name, None)
        elif name == self.name:
            self._hear_of_own_name(was, self.view.nodes[name])

    def _hear_of_own_name(self, was: SeenLease | None, seen: SeenLease) -> None:
        lease = seen.lease
        if lease.incarnation == self.incarnation:
            if not lease.is_over and self.standing in (NodeStanding.JOINING, NodeStanding.LIVE):
                self.own.confirmed(lease.beat, seen.revision, self._timing)
        elif not lease.is_over and lease.identity != self._identity:
            is_renewed = was is not None and was.lease.incarnation == lease.incarnation
            self._times.is_name_taken = self.standing is NodeStanding.JOINING and is_renewed

    # --- answers --------------------------------------------------------------------------------------------------

    def _written(self, number: int, revision: int, now: float) -> Iterator[Effect]:
        if (pending := self._writes.end(number)) is None:
            return
        if revision <= pending.newest:
            yield from self._end("engine_went_back", now, self._timing.take_seconds)
            return
        self._hear(RegisterEntry(pending.write.key, revision, pending.write.value), now)

    def _refused(self, number: int, current: RegisterEntry, now: float) -> Iterator[Effect]:
        """Take what stands there: somebody else's, or an earlier write of ours that came late."""
        if (pending := self._writes.end(number)) is None:
            return
        if current.revision < pending.write.expected:
            yield from self._end("engine_went_back", now, self._timing.take_seconds)
            return
        self._hear(current, now)

    # --- what follows ---------------------------------------------------------------------------------------------

    def _what_follows(self, now: float) -> Iterator[Effect]:
        if not self._times.is_synced or self.standing in (NodeStanding.ENDING, NodeStanding.LEFT):
            return
        if self.standing is NodeStanding.JOINING:
            yield from self._join(now)
            return
        seen = self.view.nodes.get(self.name)
        if seen is None or seen.lease.is_over or seen.lease.incarnation != self.incarnation:
            yield from self._end("buried", now, 0.0)
            return
        yield Until(self.own.deadline)
        if now >= self.own.due_at and not self._writes.is_pending(node_key(self.name)):
            yield self._renewal(self.own.revision, now)
        yield from self._bury(now)
        yield from self._claim(now)

    def _join(self, now: float) -> Iterator[Effect]:
        seen = self.view.nodes.get(self.name)
        is_in = seen is not None and seen.lease.incarnation == self.incarnation and not seen.lease.is_over
        if is_in and now < self.own.deadline:
            self.standing, self._times.live_since, self.own.due_at = NodeStanding.LIVE, now, NEVER
            yield Until(self.own.deadline)
            return
        if self._times.is_name_taken:
            yield NameLives()
            return
        if now < self._times.rejoin_at or now < self.own.due_at or self._writes.is_pending(node_key(self.name)):
            return
        is_free = seen is None or seen.lease.is_over or seen.lease.identity == self._identity
        if is_free or (seen is not None and now - seen.since >= self._timing.take_seconds):
            yield self._renewal(0 if seen is None else seen.revision, now)

    def _renewal(self, expected: int, now: float) -> Write:
        beat = self.own.next_beat(now, self._timing)
        lease = Lease(self.incarnation, self._identity, beat, self._about)
        return self._write(node_key(self.name), expected, lease)

    def _bury(self, now: float) -> Iterator[Effect]:
        for name, seen in self.view.nodes.items():
            is_silent = now - seen.since >= self._timing.take_seconds and not seen.lease.is_over
            if is_silent and name != self.name and not self._writes.is_pending(node_key(name)):
                yield self._write(node_key(name), seen.revision, replace(seen.lease, ended=BURIED))

    def _claim(self, now: float) -> Iterator[Effect]:
        if now < self._times.claims_due_at:
            return
        self._times.claims_due_at = now + self._timing.beat_seconds / 4
        living = self.view.living()
        turn = living.index(self.name) if self.name in living else None
        for session_id, seen in self.view.owners.items():
            following = self._next_owner(session_id, seen.owner, turn, now)
            if following is not None and not self._writes.is_pending(owner_key(session_id)):
                if len(self._writes) >= WRITES_AT_ONCE:
                    self._times.claims_due_at = now
                    return
                yield self._write(owner_key(session_id), seen.revision, following)

    def _next_owner(self, session_id: str, owner: Owner, turn: int | None, now: float) -> Owner | None:
        if self._is_mine(owner):
            # Who only speaks for a session gives it back as soon as its home is there again.
            is_back = owner.home != self.name and self.view.is_live(owner.home)
            node, home = self._given.get(session_id, (owner.home, owner.home) if is_back else ("", ""))
            return Owner(node, "", owner.fence + 1, home) if node else None
        if owner.node == self.name or (turn is not None and self._is_left_alone(owner.node, turn, now)):
            fence = max(owner.fence, self._floors.get(session_id, 0)) + 1
            return Owner(self.name, self.incarnation, fence, owner.home)
        return None

    def _is_left_alone(self, node: str, turn: int, now: float) -> bool:
        """Say whether to take what a node had: who has the most room at once, the others later and later."""
        seen = self.view.nodes.get(node)
        if seen is not None and not seen.lease.is_over:
            return False
        pause = turn * self._timing.beat_seconds
        if seen is None:
            return now - self._times.live_since >= self._timing.take_seconds + pause
        if seen.lease.ended == LEFT:
            # It may just be restarted.
            pause += self._timing.take_seconds
        return now - seen.since >= pause

    # --- ends -----------------------------------------------------------------------------------------------------

    def _leave(self) -> Iterator[Effect]:
        seen = self.view.nodes.get(self.name)
        self.standing = NodeStanding.LEFT
        yield Until(NEVER)
        if seen is not None and seen.lease.incarnation == self.incarnation and not seen.lease.is_over:
            yield self._write(node_key(self.name), seen.revision, replace(seen.lease, ended=LEFT))

    def _end(self, reason: str, now: float, wait_seconds: float) -> Iterator[Effect]:
        """Give up everything, and come back in another life, not before ``wait_seconds``."""
        self._times.rejoin_at = max(self._times.rejoin_at, now + wait_seconds)
        if self.standing in (NodeStanding.ENDING, NodeStanding.LEFT):
            return
        self.standing = NodeStanding.ENDING
        self._writes.forget()
        yield Until(NEVER)
        yield EndAll(reason)

    def _anew(self, incarnation: str) -> Iterator[Effect]:
        self.incarnation, self.standing = incarnation, NodeStanding.JOINING
        self.view = View()
        self.own.forget()
        self._given.clear()
        self._times.is_synced = self._times.is_name_taken = False
        yield Resync()

    # --- small things ---------------------------------------------------------------------------------------------

    def _is_mine(self, owner: Owner) -> bool:
        return owner.node == self.name and owner.incarnation == self.incarnation

    def _may_write(self, key: str, now: float) -> bool:
        return self.standing is NodeStanding.LIVE and now < self.own.deadline and not self._writes.is_pending(key)

    def _write(self, key: str, expected: int, record: Lease | Owner | None) -> Write:
        return self._writes.begin(key, expected, record, self.view.newest)


@dataclass(slots=True)
class _Times:
    """When what may be done, and what has been."""

    is_unread: bool = True
    is_synced: bool = False
    is_name_taken: bool = False
    rejoin_at: float = NEVER
    live_since: float = NEVER
    claims_due_at: float = NEVER
