"""What all measurements share: one sandbox, the browsers, a folder, the time that is left, and where figures go."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults_world import end_descendants
from bench.peers.contestant import Contestant
from bench.peers.figures import Figures
from bench.peers.tuntas import Tuntas
from bench.peers.web_js import WebJs
from support.processes import installed_browsers
from support.running import Sandbox, running
from support.whatsapp_web_js import PAGE_VERSION, node_modules
from tuntas.browser import BrowserKind, Candidate, version_of
from tuntas.processes import become_subreaper


class CannotRun(Exception):
    """Something is not installed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Browsers:
    """The two browsers, and their versions."""

    shell: Candidate
    full: Candidate
    shell_version: str
    full_version: str


def browsers() -> Browsers:
    """Return a chrome-headless-shell and a full Chromium. Raises CannotRun."""
    found = {one.kind: one for one in installed_browsers()}
    shell, full = found.get(BrowserKind.HEADLESS_SHELL), found.get(BrowserKind.CHROMIUM)
    if shell is None or full is None:
        missing = "chrome-headless-shell" if shell is None else "full Chromium, which whatsapp-web.js launches"
        message = f"There is no {missing}. On Debian, as root: apt-get install chromium chromium-headless-shell"
        raise CannotRun(message)
    return Browsers(shell, full, version_of(shell), version_of(full))


@dataclass
class World:
    """A run's surroundings. ``ends_at`` is when it must be over, in monotonic seconds.

    ``reserved_seconds`` of that are for the measurements that come later.
    """

    folder: Path
    sandbox: Sandbox
    browsers: Browsers
    ends_at: float
    reserved_seconds: float = 0.0
    figures: Figures = field(default_factory=Figures)
    notes: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def flags(self) -> list[str]:
        """What leads a browser to the sandbox when it opens web.whatsapp.com."""
        return list(self.sandbox.call("GET", "/state")["browser_flags"])

    def number(self) -> str:
        """Return a phone number that nobody has yet."""
        return f"62810{next(self._numbers):07}"

    def numbered(self, sessions: Sequence[str]) -> list[tuple[str, str]]:
        """Return each session with a number of its own."""
        return [(one, self.number()) for one in sessions]

    def place(self) -> Path:
        """Return a folder that does not exist yet."""
        return self.folder / f"place{next(self._numbers)}"

    def tuntas(self, folder: Path | None = None, **settings: str) -> Tuntas:
        """Return a Tuntas, not started yet."""
        return Tuntas(folder or self.place(), self.sandbox, self.browsers.shell.path, **settings)

    def web_js(self, sessions: Sequence[str], folder: Path | None = None, *, shell: bool = False) -> WebJs:
        """Return a whatsapp-web.js with these clients, not started yet."""
        return WebJs(folder or self.place(), self.flags, sessions, shell=shell)

    def all_three(self, sessions: Sequence[str], round_number: int) -> list[Contestant]:
        """Return Tuntas and both ways of whatsapp-web.js; who is first changes with the round."""
        three: list[Contestant] = [self.tuntas(), self.web_js(sessions), self.web_js(sessions, shell=True)]
        first = round_number % len(three)
        return three[first:] + three[:first]

    def rounds(self, what: str, wanted: int, seconds_each: float) -> Iterator[int]:
        """Count the rounds of a measurement; fewer than wanted, but one at least, if the time would not do."""
        for number in range(wanted):
            if number and time.monotonic() + seconds_each + self.reserved_seconds > self.ends_at:
                self.note(f"{what}: {number} of {wanted} rounds, since there was no time for more")
                return
            self.tell(f"{what}, round {number + 1} of {wanted}")
            yield number

    def note(self, sentence: str) -> None:
        """Keep a sentence for the readers of the figures, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def tell(self, sentence: str) -> None:
        """Say how far the run is."""
        print(f"{max(0.0, self.ends_at - time.monotonic()):5.0f} s left  {sentence}", flush=True)


@contextmanager
def world(folder: Path, limit_seconds: float) -> Iterator[World]:
    """Make a world in ``folder``; installs whatsapp-web.js first, if need be. Raises CannotRun."""
    ends_at = time.monotonic() + limit_seconds
    become_subreaper()
    here = browsers()
    node_modules()
    # What any of them puts into the temporary folder is to be found.
    (folder / "tmp").mkdir()
    os.environ["TMPDIR"] = str(folder / "tmp")
    try:
        sandbox = Sandbox(folder, "--https-port", "0")
        with running(sandbox):
            # One page for all: the newest that whatsapp-web.js can read.
            sandbox.fault("page_version", version=PAGE_VERSION)
            yield World(folder, sandbox, here, ends_at)
    finally:
        # Whatever a measurement that was cut off knows no more: as their reaper we do.
        end_descendants()
