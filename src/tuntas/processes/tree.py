"""Ends a whole process tree by force and proves it: kill, wait for every member, look again, until there is none.

One look is not enough: a browser that is being killed may fork between the look and the signal. Bounded by a limit;
what survives SIGKILL past it sits in the kernel, and is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from tuntas.foundation.cancellation import finish
from tuntas.foundation.tasks import blocking, spawn
from tuntas.processes.members import (
    Member,
    ProcessIdentity,
    dying_members,
    matches,
    members,
    only_helpers_are_left,
    users_of,
)
from tuntas.processes.singleton import remove_marks_of
from tuntas.processes.system import kill_tree, let_go, wait_gone


@dataclass(frozen=True, slots=True)
class StopLimits:
    """How long a stop may take, in seconds: for the browser to leave by itself, then for SIGKILL to do its work."""

    graceful_seconds: float = 5.0
    forced_seconds: float = 10.0


class StillRunning(Exception):
    """Processes survived SIGKILL past the limit (uninterruptible sleep in the kernel). Asking again later is right."""

    def __init__(self, survivors: tuple[Member, ...]) -> None:
        names = ", ".join(f"{member.name} ({member.pid})" for member in survivors)
        super().__init__(f"still running after SIGKILL: {names}")
        self.survivors = survivors


async def end_tree(identity: ProcessIdentity, known: Iterable[Member], limit_seconds: float) -> tuple[Member, ...]:
    """Kill every member until none is left; return those that were killed (none: all had gone before).

    The caller vouches that ``identity`` is, or was until just now, his own browser. Raises StillRunning past the limit.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_seconds
    seen = set(known)
    killed: set[Member] = set()
    while found := await blocking(members, identity, tuple(seen)):
        seen.update(found)
        killed.update(kill_tree(identity, found))
        await wait_gone(found, timeout_seconds=max(deadline - loop.time(), 0))
        if loop.time() >= deadline and (survivors := await blocking(members, identity, tuple(seen))):
            raise StillRunning(survivors)
    await blocking(let_go, identity, tuple(seen))
    await blocking(remove_marks_of, identity)
    return tuple(sorted(killed, key=lambda member: member.pid))


async def end_orphan(identity: ProcessIdentity, limits: StopLimits) -> tuple[Member, ...]:
    """End a browser that a dead server has left behind; return what was killed (empty: it was gone, or is not ours).

    Nothing is touched unless pid, create time, boot and profile of the recorded main process all match a living one,
    or the main process is gone and nothing but helpers remains of its group (they had been stopped, say). Marks that
    it left on its profile go too. Straight by force: without its pipe there is no gentler way. Raises StillRunning.
    """
    return await finish(spawn(_end_orphan(identity, limits), name=f"end-orphan-{identity.pid}"))


async def _end_orphan(identity: ProcessIdentity, limits: StopLimits) -> tuple[Member, ...]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limits.forced_seconds
    while True:
        if await blocking(matches, identity) or await blocking(only_helpers_are_left, identity):
            return await end_tree(identity, (), limits.forced_seconds)
        # The main process dies with its server, and its end wakes stopped helpers only to end them. On its way out none
        # of them says any more what it is, and each still holds the profile.
        dying = await blocking(dying_members, identity)
        if not dying:
            break
        if loop.time() >= deadline:
            raise StillRunning(dying)
        await wait_gone(dying, timeout_seconds=deadline - loop.time())
    if not await blocking(users_of, identity.profile):
        # It could not take its marks along.
        await blocking(remove_marks_of, identity)
    return ()
