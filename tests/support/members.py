"""Nodes of a cluster in one process: real members on a real register, quick, with stand-ins where browsers would be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from support.until import until
from tuntas.cluster import clock
from tuntas.cluster.member import ClusterMember, Hooks
from tuntas.cluster.membership import Timing
from tuntas.cluster.ports import Register
from tuntas.cluster.records import About
from tuntas.foundation.tasks import end, spawn

# In proportion to the real ones; slow enough for a machine that others use too.
QUICK = Timing(beat_seconds=0.4, self_seconds=3.6, take_seconds=4.8)
WAIT_SECONDS = 60.0


@dataclass
class Node:
    """A member that runs, and what it was told."""

    member: ClusterMember
    task: asyncio.Task[None]
    deadlines: list[float] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    @property
    def lapses_at(self) -> float:
        return self.deadlines[-1] if self.deadlines else float("-inf")

    async def freeze(self) -> None:
        """Let it do nothing any more, and say nothing: as a killed server."""
        await end(self.task)


@asynccontextmanager
async def a_node(
    name: str, register: Register, *, identity: str = "", memory: int = 1, timing: Timing = QUICK
) -> AsyncIterator[Node]:
    """Run a node until the block ends; then it leaves."""
    await register.open()
    deadlines: list[float] = []
    ends: list[str] = []

    async def end_all(reason: str) -> None:
        ends.append(reason)

    hooks = Hooks(lambda: About(memory_bytes=memory, idle_share=1.0), deadlines.append, end_all)
    member = ClusterMember(name, identity or f"folder of {name}", register, hooks, timing)
    node = Node(member, spawn(member.run(), name=f"node {name}"), deadlines, ends)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await member.joined()
        yield node
    finally:
        if not node.task.done():
            await end(node.task)
            await member.leave()
        await register.close()


async def soon(look: Callable[[], object]) -> None:
    """Return when ``look`` says something true."""
    async with asyncio.timeout(WAIT_SECONDS):
        await until(look)


async def a_while(seconds: float) -> None:
    """Let time pass by the clock of leases."""
    end = now() + seconds
    await soon(lambda: now() > end)


def now() -> float:
    return clock.now()
