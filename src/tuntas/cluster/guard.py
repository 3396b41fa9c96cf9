"""The server's side of its guard: starts it, tells it until when browsers may run, and replaces it when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import subprocess
import sys
from pathlib import Path

import structlog

from tuntas.cluster.guard_process import DEADLINE
from tuntas.cluster.membership import NEVER
from tuntas.cluster.ports import ClusterUnusable
from tuntas.foundation.tasks import end, spawn

PROGRAM = Path(__file__).with_name("guard_process.py")
START_SECONDS = 10.0
AGAIN_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Guard:
    """One guard for all browsers on the profiles of a folder. Use it as a context."""

    def __init__(self, profiles: Path) -> None:
        """Prepare to watch over browsers on what is in ``profiles``. Raises ClusterUnusable: not on this system."""
        if sys.platform != "linux":
            message = "A node of a cluster needs Linux: its guard finds and ends browsers by what Linux tells."
            raise ClusterUnusable(message)
        self._profiles = profiles
        self._shared: mmap.mmap | None = None
        self._descriptor = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._server_end = -1
        self._watching: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The guard's process."""
        return None if self._process is None else self._process.pid

    def until(self, deadline: float) -> None:
        """Let browsers run until then; it is so when this returns, whether the guard looks or not."""
        if self._shared is not None:
            DEADLINE.pack_into(self._shared, 0, deadline)

    async def __aenter__(self) -> Guard:
        """Start it; nothing may run yet. Raises ClusterUnusable: it cannot be started."""
        assert sys.platform == "linux"
        self._descriptor = os.memfd_create("tuntas-deadline")
        os.ftruncate(self._descriptor, DEADLINE.size)
        self._shared = mmap.mmap(self._descriptor, DEADLINE.size)
        self.until(NEVER)
        try:
            await self._start()
        except BaseException:
            await self.__aexit__()
            raise
        self._watching = spawn(self._watch(), name="cluster: guard")
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it, after whatever still runs on the profiles."""
        await end(self._watching)
        await self._stop()
        if self._shared is not None:
            self._shared.close()
            self._shared = None
            os.close(self._descriptor)

    async def _start(self) -> None:
        ready, looking = os.pipe()
        server, self._server_end = os.pipe()
        profiles = str(self._profiles.resolve()) + os.sep
        command = [sys.executable, "-I", "-S", str(PROGRAM), profiles, *map(str, (self._descriptor, server, looking))]
        try:
            # A session of its own: what is sent to the server's group is not for it.
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
                command, pass_fds=(self._descriptor, server, looking), stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            os.close(ready)
            message = f"The node's guard cannot be started: {error.strerror}."
            raise ClusterUnusable(message) from error
        finally:
            os.close(server)
            os.close(looking)
        try:
            async with asyncio.timeout(START_SECONDS):
                await _readable(ready)
            if os.read(ready, 1):
                return
        except TimeoutError:
            pass
        finally:
            os.close(ready)
        message = "The node's guard does not come up; see what it said above."
        raise ClusterUnusable(message)

    async def _watch(self) -> None:
        """Replace a guard that dies: until then only the server itself ends what runs too long."""
        while True:
            assert self._process is not None
            descriptor = os.pidfd_open(self._process.pid)
            try:
                await _readable(descriptor)
            finally:
                os.close(descriptor)
            log.error("guard_died", code=self._process.wait())
            while True:
                await self._stop()
                with contextlib.suppress(ClusterUnusable):
                    await self._start()
                    break
                await asyncio.sleep(AGAIN_SECONDS)

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if self._server_end >= 0:
            os.close(self._server_end)
            self._server_end = -1
        if process is not None and process.poll() is None:
            await asyncio.to_thread(process.wait)


async def _readable(descriptor: int) -> None:
    """Return once something can be read."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
