"""What a check says, and how checks are run: side by side, each within a limit, none able to stop the others."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tuntas.config import Settings


class Level(StrEnum):
    """How bad it is. Broken: sessions cannot work so. Warning: they can, but somebody should know."""

    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: what was looked at, what was seen, and what to do (empty when there is nothing to do)."""

    check: str
    level: Level
    detail: str
    advice: str = ""


Check = Callable[[Settings], Finding]


def fine(check: str, detail: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(check, Level.FINE, detail)


def warning(check: str, detail: str, advice: str) -> Finding:
    """Return a finding that works, but."""
    return Finding(check, Level.WARNING, detail, advice)


def broken(check: str, detail: str, advice: str) -> Finding:
    """Return a finding with which sessions cannot work."""
    return Finding(check, Level.BROKEN, detail, advice)


def run_checks(checks: Sequence[tuple[str, Check]], settings: Settings, *, limit_seconds: float) -> list[Finding]:
    """Run named checks side by side and return one finding each, in order, at the latest after ``limit_seconds``.

    A check that raises is a finding with its error; one that hangs (a dead network disk) is left behind in its thread,
    which is a daemon and ends with the process.
    """
    said: queue.SimpleQueue[tuple[int, Finding]] = queue.SimpleQueue()
    for index, (name, check) in enumerate(checks):
        thread = threading.Thread(
            target=_run, args=(index, name, check, settings, said), name=f"doctor: {name}", daemon=True
        )
        thread.start()
    findings: dict[int, Finding] = {}
    ends_at = time.monotonic() + limit_seconds
    while len(findings) < len(checks):
        try:
            index, finding = said.get(timeout=max(0.0, ends_at - time.monotonic()))
        except queue.Empty:
            break
        findings[index] = finding
    return [findings.get(index) or _silent(name, limit_seconds) for index, (name, _) in enumerate(checks)]


def _run(index: int, name: str, check: Check, settings: Settings, said: queue.SimpleQueue[tuple[int, Finding]]) -> None:
    try:
        finding = check(settings)
    except PermissionError as error:
        advice = "Run doctor as the user who runs the server, or as root."
        finding = broken(name, f"this user may not look into {error.filename}", advice)
    except Exception as error:  # noqa: BLE001 - a check's failure is itself what the reader must see, with its name
        detail = f"could not be checked: {type(error).__name__}: {error}"
        finding = broken(name, detail, "Mend what the error names; if that is no help, report it with this line.")
    said.put((index, finding))


def _silent(name: str, limit_seconds: float) -> Finding:
    advice = "Something below does not answer: a network disk that is gone, or a machine under heavy load."
    return broken(name, f"no answer within {limit_seconds:g} s", advice)
