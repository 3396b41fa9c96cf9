"""The sandbox's memory on disk: one JSON file, replaced as a whole, so that a crash leaves the old one or the new one.

Writes happen in a thread and at most a few times a second, however much changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tuntas.foundation.tasks import blocking
from tuntas.sandbox.phones import Phones

FILE_NAME = "sandbox.json"
FORMAT = 1
BETWEEN_WRITES_SECONDS = 0.25


class UnreadableStateError(ValueError):
    """The file is there but is not one of ours; it is never overwritten."""


def load(folder: Path) -> Phones:
    """Return the phones stored in ``folder``, none if there is no file yet.

    Raises ``UnreadableStateError`` for a file that is not a sandbox's, ``OSError`` for one that cannot be read.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Phones()
    try:
        values = json.loads(text)
        if values["format"] != FORMAT:
            message = f"format {values['format']}"
            raise ValueError(message)
        return Phones.from_json(values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} is not a sandbox's state ({error}): move it away, or give another --data-dir"
        raise UnreadableStateError(message) from error


def write(folder: Path, values: dict[str, Any]) -> None:
    """Replace the file in ``folder``; on return the new one is on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{FILE_NAME}.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump({"format": FORMAT} | values, file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / FILE_NAME)


class Saver:
    """Writes the phones to ``folder`` whenever ``changed`` was called, one write at a time."""

    def __init__(self, folder: Path, snapshot: Callable[[], dict[str, Any]]) -> None:
        self._folder = folder
        self._snapshot = snapshot
        self._dirty = asyncio.Event()
        self._closing = asyncio.Event()

    def changed(self) -> None:
        """Note that there is something new to write."""
        self._dirty.set()

    def close(self) -> None:
        """Let ``run`` write what is new, if anything is, and return."""
        self._closing.set()
        self._dirty.set()

    async def run(self) -> None:
        """Write until ``close`` is called. Raises ``OSError`` where the disk does not take it."""
        while not self._closing.is_set():
            await self._dirty.wait()
            self._dirty.clear()
            await blocking(write, self._folder, self._snapshot())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BETWEEN_WRITES_SECONDS):
                    await self._closing.wait()
        if self._dirty.is_set():
            await blocking(write, self._folder, self._snapshot())
