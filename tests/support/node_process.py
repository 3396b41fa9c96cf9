"""A node as a process of its own: a member on a real register, its guard, and stand-ins where its browsers would be.

Where a session's home was lost it goes on here, as from a copy of its profile: the hardest case for "never two".

    python -m support.node_process NAME FOLDER URL guarded|alone [SESSION]
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from support.guarded_server import STAND_IN
from support.members import QUICK
from tuntas.cluster.guard import Guard
from tuntas.cluster.member import ClusterMember, Hooks
from tuntas.cluster.nats_register import NatsRegister
from tuntas.cluster.records import About
from tuntas.foundation.tasks import end, spawn


class NodeProcess:
    """What runs here, and why."""

    def __init__(self, name: str, profiles: Path) -> None:
        self.name = name
        self.profiles = profiles
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, session_id: str) -> None:
        command = [sys.executable, "-c", STAND_IN, f"--user-data-dir={self.profiles / session_id}"]
        self.running[session_id] = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)

    async def end_all(self, reason: str) -> None:
        for session_id in list(self.running):
            self.end(session_id)

    def end(self, session_id: str) -> None:
        process = self.running.pop(session_id)
        process.kill()
        process.wait()

    def look(self, member: ClusterMember) -> None:
        """Run what may run here, and nothing else."""
        for session_id, process in list(self.running.items()):
            if member.fence(session_id) is None or process.poll() is not None:
                self.end(session_id)
        for session_id in member.owners():
            owner = member.holds(session_id)
            if owner is not None and owner.home != self.name:
                member.give(session_id, self.name, self.name)
            elif owner is not None and session_id not in self.running:
                self.start(session_id)


async def main(name: str, folder: Path, url: str, *, is_guarded: bool, sessions: list[str]) -> None:
    node = NodeProcess(name, folder)
    guard = Guard(folder)
    register = NatsRegister(url)
    async with AsyncExitStack() as stack:
        if is_guarded:
            await stack.enter_async_context(guard)
        await register.open()
        hooks = Hooks(lambda: About(memory_bytes=1, idle_share=1.0), guard.until, node.end_all)
        member = ClusterMember(name, f"folder of {name}", register, hooks, QUICK)
        running = spawn(member.run(), name="member")
        await member.joined()
        for session_id in sessions:
            await member.create(session_id)
        node.look(member)
        print("ready", flush=True)  # noqa: T201
        try:
            while not running.done():
                changed = member.changed()
                node.look(member)
                await changed.wait()
        finally:
            await end(running)


if __name__ == "__main__":
    own_name, own_folder, servers, guarded = sys.argv[1:5]
    asyncio.run(main(own_name, Path(own_folder), servers, is_guarded=guarded == "guarded", sessions=sys.argv[5:]))
