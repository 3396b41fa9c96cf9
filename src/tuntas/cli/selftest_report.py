"""What the self-test tells: the machine, and each check's outcome, with nothing in it that says whose machine it is."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from getpass import getuser
from pathlib import Path
from typing import Any, Literal

import psutil

from tuntas import __version__
from tuntas.browser import is_in_container, is_root

# A phone's number, an id of a chat, a pid with a time in it: nothing that is needed to understand a report is as long.
_LONG_NUMBER = re.compile(r"\d{7,}")
# Somebody's folder, whose name may have spaces in it where a separator follows.
_SOMEBODY = r"[^\\/\s'\":]+"
_SOMEBODYS_FOLDER = re.compile(
    rf"(?i)((?:[a-z]:)?[\\/]+(?:users|home)[\\/]+)(?:{_SOMEBODY}(?: {_SOMEBODY})*(?=[\\/])|{_SOMEBODY})"
)
# Shorter names would be found inside of ordinary words, and say nothing of anybody.
_SHORTEST_NAME = 3


Result = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What became of one check; ``detail`` is scrubbed."""

    check: str
    result: Result
    seconds: float
    detail: str


class Scrubber:
    """Takes out of a text what would say whose machine it is from."""

    def __init__(self) -> None:
        """Learn the names of this machine, its user and their folders."""
        self._folders = {str(Path.home()): "~"}
        names = {_user(), platform.node()}
        self._names = [name for name in names if len(name) >= _SHORTEST_NAME and name != "root"]

    def hide(self, folder: Path) -> None:
        """Call ``folder`` ``<folder>`` from now on."""
        self._folders[str(folder)] = "<folder>"

    def scrub(self, text: str) -> str:
        """Return the text without them, in one line."""
        # The longest first: a temporary folder may lie in a home.
        for folder in sorted(self._folders, key=len, reverse=True):
            # As JSON and repr() write it too, where a backslash is two.
            for form in (folder, folder.replace("\\", "\\\\")):
                text = re.sub(re.escape(form), self._folders[folder], text, flags=re.IGNORECASE)
        for name in self._names:
            text = re.sub(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", "<name>", text)
        text = _SOMEBODYS_FOLDER.sub(r"\1<name>", text)
        return " ".join(_LONG_NUMBER.sub("…", text).split())


def document(outcomes: Sequence[CheckOutcome], scrubber: Scrubber) -> dict[str, Any]:
    """Return the report as JSON says it."""
    return {
        "ok": not any(one.result == "failed" for one in outcomes),
        "tuntas": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": scrubber.scrub(f"{platform.system()} {platform.release()} {platform.version()}"),
        "architecture": platform.machine(),
        "processors": os.cpu_count() or 0,
        "memory_bytes": psutil.virtual_memory().total,
        "root": is_root(),
        "container": is_in_container(),
        "checks": [asdict(one) for one in outcomes],
    }


def text(report: dict[str, Any]) -> str:
    """Return the report as a person reads and sends it."""
    rights = ", as root" if report["root"] else ""
    where = ", in a container" if report["container"] else ""
    size = f"{report['processors']} processors, {report['memory_bytes'] / 1e9:.1f} GB"
    machine = f"{report['system']}, {report['architecture']}, {report['python']}, {size}"
    lines = [
        f"Tuntas {report['tuntas']} self-test",
        f"{machine}{rights}{where}",
        "",
        *_rows(report["checks"]),
        "",
        _sum(report["checks"]),
    ]
    return "\n".join(lines)


def _rows(checks: Iterable[dict[str, Any]]) -> list[str]:
    return [f"{one['result']:<7} {one['seconds']:6.1f} s  {one['check']}: {one['detail']}" for one in checks]


def _sum(checks: Sequence[dict[str, Any]]) -> str:
    counts = {result: sum(one["result"] == result for one in checks) for result in ("passed", "failed", "skipped")}
    if counts["failed"] or counts["skipped"]:
        told = ", ".join(f"{count} {result}" for result, count in counts.items() if count)
        return f"{told}. Please send this report; nothing in it says who you are."
    return f"All {counts['passed']} passed."


def _user() -> str:
    try:
        return getuser()
    except (OSError, KeyError):  # a container's user without a name
        return ""
