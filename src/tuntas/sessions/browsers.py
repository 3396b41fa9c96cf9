"""The browsers that run on our profiles, as the process table shows them: true also when no server runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tuntas.browser import identify, members, memory_bytes

_FLAG = "--user-data-dir="


@dataclass(frozen=True, slots=True)
class RunningBrowser:
    """A browser's main process and what its tree uses. ``memory_bytes`` is the proportional set size where known."""

    profile: Path
    pid: int
    processes: int
    memory_bytes: int
    started_at: datetime


def running_browsers(profiles_dir: Path) -> list[RunningBrowser]:
    """Return the browsers on the profiles below ``profiles_dir``, by profile. Blocking, some ms."""
    found = [one for one in (_measured(main, profile) for main, profile in _mains(profiles_dir)) if one is not None]
    return sorted(found, key=lambda one: (one.profile, one.pid))


def _mains(profiles_dir: Path) -> Iterator[tuple[psutil.Process, Path]]:
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
        except psutil.Error:
            continue  # it ended while we looked, or is not ours to see
        if any(argument.startswith("--type=") for argument in arguments):
            continue  # a helper; it is counted with its main process
        for argument in arguments[1:]:
            if not argument.startswith(_FLAG):
                continue
            profile = Path(argument.removeprefix(_FLAG))
            if profile.is_absolute() and profile.parent.resolve() == profiles_dir.resolve():
                yield process, profile


def _measured(main: psutil.Process, profile: Path) -> RunningBrowser | None:
    try:
        tree = members(identify(main.pid, profile))
        started_at = datetime.fromtimestamp(main.create_time(), UTC)
    except (psutil.Error, ProcessLookupError):
        return None
    return RunningBrowser(profile, main.pid, len(tree), memory_bytes(tree), started_at)
