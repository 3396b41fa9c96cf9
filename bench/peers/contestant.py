"""What a measurement asks of a contestant, so that it is written once for all of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import psutil

from bench.peers.samples import Value
from bench.peers.trees import seconds_until_gone
from support.running import Sandbox

STEP_SECONDS = 60.0
"""How long any one step may take before a run gives up with an error."""

AT_ONCE = 2
"""So many sessions come up at one moment where only the result matters: one for each core of a small server."""


class Contestant(Protocol):
    """A server with sessions. Use as a context: leaving it ends every process of it."""

    @property
    def name(self) -> str:
        """How the figures call it."""
        ...

    @property
    def server(self) -> psutil.Process:
        """The server's own process."""
        ...

    @property
    def folders(self) -> Path:
        """Where the profiles are."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def start(self, session: str) -> None:
        """Ask for a new session, or for one that was stopped."""
        ...

    def qr_at(self, session: str) -> tuple[str, float]:
        """Wait for the QR; return it and the moment at which it was told."""
        ...

    def ready_at(self, session: str) -> float:
        """Wait until the session can send; return the moment at which that was told."""
        ...

    def stop(self, session: str) -> None:
        """End a session that is to come back, as documented; returns when that answers."""
        ...

    def log_out(self, session: str) -> None:
        """Unlink a session, as documented; returns when that answers."""
        ...

    def delete(self, session: str) -> None:
        """Delete a session, as documented; returns when that answers."""
        ...

    def profile(self, session: str) -> Path:
        """Return where the session's profile is."""
        ...


class InAStack:
    """A context that is entered by ``_open`` and left by closing what that has put on the stack."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            opening.push(self._stack)
            self._open(self._stack)
            opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def _open(self, stack: ExitStack) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Ended:
    """How long an end took: until whoever asked was told, and until nothing was left, seen from outside."""

    told_seconds: float
    gone_seconds: Value

    @property
    def done_seconds(self) -> Value:
        """Both."""
        return None if self.gone_seconds is None else max(self.told_seconds, self.gone_seconds)


def end(act: Callable[[], None], processes: Iterable[psutil.Process], folder: Path | None) -> Ended:
    """Let ``act`` end a session; watch its processes, and its folder if that is to go too."""
    with ThreadPoolExecutor(1) as pool:
        watched = list(processes)
        gone = pool.submit(seconds_until_gone, watched, folder, STEP_SECONDS)
        begun = time.monotonic()
        act()
        return Ended(time.monotonic() - begun, gone.result())


def pair(contestant: Contestant, sandbox: Sandbox, session: str, number: str) -> tuple[float, float]:
    """Bring a new session up; return the seconds from start to QR and from scan to ready."""
    sandbox.phone(number)
    begun = time.monotonic()
    contestant.start(session)
    qr, shown = contestant.qr_at(session)
    scanned = time.monotonic()
    sandbox.scan(number, qr)
    return shown - begun, contestant.ready_at(session) - scanned


def pair_all(contestant: Contestant, sandbox: Sandbox, sessions: Sequence[tuple[str, str]]) -> None:
    """Bring new sessions up, given as names with numbers, a few at a time."""
    for some in _batches(sessions):
        for session, number in some:
            sandbox.phone(number)
            contestant.start(session)
        for session, number in some:
            sandbox.scan(number, contestant.qr_at(session)[0])
        for session, _ in some:
            contestant.ready_at(session)


def _batches(sessions: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    for first in range(0, len(sessions), AT_ONCE):
        yield sessions[first : first + AT_ONCE]
