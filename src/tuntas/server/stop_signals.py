"""The signals that end a server: the first asks, the second hurries."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StopSignals:
    """``stop`` is set by the first signal, ``hurry`` by every further one."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def came(self) -> None:
        """Take one signal down."""
        (self.hurry if self.stop.is_set() else self.stop).set()


@contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """Catch them for as long as the block runs."""
    signals = StopSignals()
    with each_told(signals.came):
        yield signals


@contextmanager
def each_told(came: Callable[[], object]) -> Iterator[None]:
    """Call ``came``, in the event loop, at each signal that comes while the block runs."""
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        # The event loop takes no handlers there. Ctrl-Break and a console that is closed both come as SIGBREAK.
        numbers = (signal.SIGINT, signal.SIGBREAK)
        before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(came)) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, came)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
