"""A browser as whatsapp-web.js leaves it: launched with a debugging port by a small process, which can then be killed.

Unlike our own browsers it does not die with its launcher. Nothing of it is left when the block ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from support.processes import installed_browsers, wait_until_none
from support.running import alive, kill_all
from tuntas.browser import BrowserKind

LAUNCHER = textwrap.dedent("""
    import subprocess, sys
    detached, *arguments = sys.argv[1:]
    browser = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, start_new_session=detached == "detached")
    bystander = subprocess.Popen(["/bin/sleep", "600"])  # somebody else's, in the launcher's own process group
    for line in browser.stderr:
        if "DevTools listening" in line:
            print(browser.pid, bystander.pid, line.split("ws://127.0.0.1:")[1].split("/")[0], flush=True)
            break
    sys.stdin.read()
""")


class Launched:
    """A browser and the process that launched it."""

    def __init__(self, profile: Path, program: Path, *, detached: bool) -> None:
        self.profile = profile
        arguments = [
            *(str(program), f"--user-data-dir={profile}", "--remote-debugging-port=0", "--headless=new"),
            *("--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "about:blank"),
        ]
        self.launcher = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, "detached" if detached else "attached", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        assert self.launcher.stdout is not None
        self.pid, bystander, self.port = map(int, self.launcher.stdout.readline().split())
        self.bystander = psutil.Process(bystander)
        main = psutil.Process(self.pid)
        self.tree = [main, *main.children(recursive=True)]

    def orphan(self) -> None:
        """Kill the launcher: its browser lives on, as after ``kill -9`` of a Node process."""
        self.launcher.kill()
        self.launcher.wait()
        assert psutil.Process(self.pid).is_running()

    def is_untouched(self) -> bool:
        """Whether every process of the tree still runs."""
        return self.living() == {one.pid for one in self.tree}

    def living(self) -> set[int]:
        """Return the pids of the tree that run."""
        return {one.pid for one in alive(self.tree)}

    def end(self) -> None:
        kill_all((*self.tree, self.bystander))
        self.launcher.kill()
        self.launcher.communicate()
        # The crash handler has no parent of ours; it leaves by itself when its browser has gone.
        assert not wait_until_none(lambda: _on(self.profile), 5)


def _on(profile: Path) -> set[int]:
    found = set()
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if str(profile) in words and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process.pid)
        except psutil.Error:
            continue
    return found


@contextmanager
def launched(
    profile: Path, kind: BrowserKind = BrowserKind.HEADLESS_SHELL, *, detached: bool = True, program: Path | None = None
) -> Iterator[Launched]:
    """Start a browser on ``profile`` under a launcher of its own; ``program`` may be a start script."""
    found = program or next((one.path for one in installed_browsers() if one.kind is kind), None)
    if found is None:
        pytest.skip(f"no {kind.value} is installed")
    browser = Launched(profile, found, detached=detached)
    try:
        yield browser
    finally:
        browser.end()
