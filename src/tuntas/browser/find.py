"""Finds the browsers of this machine and chooses one. Starts nothing, except to ask a candidate for its version.

Order: what a person named, then chrome-headless-shell (half the memory of a full browser), then Chromium, Chrome and
Edge. A real binary goes before the shell wrappers of distributions: a wrapper that does not exec stays as one more
process.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tuntas.browser.command import CommandFailed, run_command
from tuntas.browser.environment import browser_environment
from tuntas.browser.errors import BrowserNotFound
from tuntas.browser.places import BrowserKind, Machine, places

if sys.platform == "win32":
    from tuntas.browser.file_version_windows import file_version

__all__ = ["BrowserKind", "Candidate", "candidates", "choose", "version_of"]

_VERSION = re.compile(r"\d+(?:\.\d+){3}")
_VERSION_SECONDS = 15.0
_NOTHING_FOUND = "no browser found: run `tuntas browser install`, or "
_NOTHING_FOUND += (
    "install Chrome or Edge" if sys.platform == "win32" else "as root `apt-get install chromium-headless-shell`"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A browser that can be launched; ``source`` says in words where it was found."""

    path: Path
    kind: BrowserKind
    source: str


def candidates(explicit: Path | None = None, machine: Machine | None = None) -> list[Candidate]:
    """Return every usable browser, best first; a named one (``TUNTAS_BROWSER``) leads. Blocking: looks at the disk.

    Raises BrowserNotFound when ``explicit`` is not there or cannot be executed.
    """
    found = [] if explicit is None else [_named(explicit)]
    known = {_real(candidate.path) for candidate in found}
    for place in places(machine or Machine.here()):
        # The same binary by two names is one browser; a wrapper script is a file of its own.
        if _is_executable(place.path) and (real := _real(place.path)) not in known:
            known.add(real)
            found.append(Candidate(place.path, place.kind, place.source))
    return found


def choose(explicit: Path | None = None, machine: Machine | None = None) -> Candidate:
    """Return the best browser. Raises BrowserNotFound, whose message is one line that says what to do."""
    if explicit is not None:
        return _named(explicit)
    found = candidates(None, machine)
    if not found:
        raise BrowserNotFound(_NOTHING_FOUND)
    return found[0]


def version_of(candidate: Candidate) -> str:
    """Return the dotted version, as in "140.0.7339.16". Blocking, at most 15 s.

    Raises BrowserNotFound when the browser cannot say it, above all because system libraries are missing.
    """
    if sys.platform == "win32" and (version := file_version(candidate.path)) is not None:
        return version  # chrome.exe would open a window instead of printing it
    try:
        asked = [str(candidate.path), "--version"]
        said = run_command(asked, timeout_seconds=_VERSION_SECONDS, environment=browser_environment())
    except CommandFailed as error:
        last = error.output.strip().splitlines()[-1:]
        message = f"{error}{': ' + last[0] if last else ''}"
        raise BrowserNotFound(message) from error
    if (match := _VERSION.search(said)) is None:
        message = f"{candidate.path} does not name its version: {said.strip()[:200]!r}"
        raise BrowserNotFound(message)
    return match.group()


def _named(path: Path) -> Candidate:
    path = path.expanduser()
    if not os.path.isfile(path):  # noqa: PTH113 - see _is_executable
        message = f"the browser that was named is not there: {path}"
        raise BrowserNotFound(message)
    if not _is_executable(path):
        message = f"the browser that was named cannot be executed: {path}"
        raise BrowserNotFound(message)
    return Candidate(path.absolute(), _kind_of(path), "named explicitly")


def _kind_of(path: Path) -> BrowserKind:
    name = path.name.lower().replace("_", "-")
    if "headless-shell" in name:
        return BrowserKind.HEADLESS_SHELL
    if "edge" in name:
        return BrowserKind.EDGE
    return BrowserKind.CHROMIUM if "chromium" in name else BrowserKind.CHROME


def _is_executable(path: Path) -> bool:
    # Not by pathlib, which fails where a folder may not be looked at.
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113


def _real(path: Path) -> Path:
    return path.resolve()
