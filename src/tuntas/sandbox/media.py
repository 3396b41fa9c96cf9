"""The bytes of the files that messages carry: in memory, or in a folder beside the sandbox's other state.

The newest are kept, up to a limit in all, so that a sandbox that runs for months stays small.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from tuntas.foundation.tasks import blocking
from tuntas.sandbox.errors import UnknownFileError

FOLDER = "media"
LARGEST_BYTES = 100 * 1024 * 1024
KEPT_BYTES = 512 * 1024 * 1024


class MediaFiles:
    """All files of one sandbox."""

    def __init__(self, data_dir: Path | None = None) -> None:
        """Take up what is in ``data_dir``, if there is one."""
        self._folder = None if data_dir is None else data_dir / FOLDER
        self._in_memory: dict[str, bytes] = {}
        self._sizes: dict[str, int] = {}  # oldest first
        if self._folder is not None and self._folder.is_dir():
            found = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)
            self._sizes = {path.name: path.stat().st_size for path in found}

    async def put(self, data: bytes) -> str:
        """Keep a file and return its id."""
        name = secrets.token_hex(16)
        if self._folder is None:
            self._in_memory[name] = data
        else:
            await blocking(_write, self._folder / name, data)
        self._sizes[name] = len(data)
        while sum(self._sizes.values()) > KEPT_BYTES:
            await self._forget(next(iter(self._sizes)))
        return name

    async def get(self, name: str) -> bytes:
        """Return a file's bytes; raise ``UnknownFileError`` if there is none of this id."""
        if name not in self._sizes:
            message = f"there is no file {name}"
            raise UnknownFileError(message)
        if self._folder is None:
            return self._in_memory[name]
        return await blocking((self._folder / name).read_bytes)

    async def _forget(self, name: str) -> None:
        del self._sizes[name]
        self._in_memory.pop(name, None)
        if self._folder is not None:
            await blocking((self._folder / name).unlink)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
