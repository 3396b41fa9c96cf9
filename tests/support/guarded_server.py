"""A process with browsers and a lease, as a node's server has them; the test stops it and looks what goes on.

python -m support.guarded_server PROFILES SECONDS guarded|alone EXECUTABLE|stand-in
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from tuntas.browser import choose
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.cluster import clock
from tuntas.cluster.guard import Guard

STAND_IN = "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); print('up', flush=True); time.sleep(600)"


async def main(profiles: Path, seconds: float, *, is_guarded: bool, is_real: bool) -> None:
    async with AsyncExitStack() as stack:
        guard = Guard(profiles)
        if is_guarded:
            await stack.enter_async_context(guard)
            guard.until(clock.now() + 60)
        profile = profiles / "one"
        if is_real:
            browser = await launch(LaunchOptions(choose(None), profile), timeout_seconds=60)
            pid = browser.identity.pid
        else:
            command = [sys.executable, "-c", STAND_IN, f"--user-data-dir={profile}"]
            process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)  # noqa: ASYNC220
            assert process.stdout is not None
            process.stdout.readline()
            pid = process.pid
        deadline = clock.now() + seconds
        guard.until(deadline)
        print(f"{pid} {deadline} {guard.pid or 0}", flush=True)  # noqa: T201
        await asyncio.sleep(600)


if __name__ == "__main__":
    folder, lease, guarded, kind = sys.argv[1:5]
    asyncio.run(main(Path(folder), float(lease), is_guarded=guarded == "guarded", is_real=kind == "real"))
