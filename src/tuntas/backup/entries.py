"""What is inside an archive: files, one behind the other, each with its path and its size in front.

There are no kinds of entries: no links, devices, modes, owners or folders, and nothing is compressed, so that what a
hostile archive can hold is bounded by its own size. A path is judged by what any system would make of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tuntas.backup.errors import ArchiveRefused
from tuntas.profiles.guards import folded, is_device_name

MANIFEST = "manifest.json"
END = "end.json"
LARGEST_DOCUMENT_BYTES = 16 * 1024 * 1024

_PIECE_BYTES = 256 * 1024
_LARGEST_ENTRY_HEAD_BYTES = 16 * 1024
_LONGEST_NAME = 255
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive. Its ``parts`` must be taken before the next entry; what is left of them is skipped."""

    path: str
    size_bytes: int
    parts: Iterator[bytes]

    def document(self) -> dict[str, Any]:
        """Return the JSON object that it holds. Raises ArchiveRefused."""
        if self.size_bytes > LARGEST_DOCUMENT_BYTES:
            message = f"its {self.path} is too large to be one"
            raise ArchiveRefused(message)
        try:
            found = json.loads(b"".join(self.parts))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            message = f"its {self.path} cannot be read"
            raise ArchiveRefused(message)
        return found


def entry(path: str, size_bytes: int, parts: Iterator[bytes]) -> Iterator[bytes]:
    """Yield an entry's bytes. ``parts`` must have the size that was said: the reader trusts it."""
    head = json.dumps({"path": path, "bytes": size_bytes}).encode()
    yield len(head).to_bytes(4, "big") + head
    written = 0
    for part in parts:
        written += len(part)
        yield part
    assert written == size_bytes, f"{path} has {written} bytes, not {size_bytes}"


def document_entry(path: str, document: dict[str, Any]) -> Iterator[bytes]:
    """Yield an entry that holds a JSON object."""
    text = json.dumps(document, ensure_ascii=True).encode()
    yield from entry(path, len(text), iter([text]))


def entries(content: Iterator[bytes]) -> Iterator[Entry]:
    """Yield the entries of an archive's content, up to ``end.json``, behind which nothing may come.

    Raises:
        ArchiveRefused: a path that could lead anywhere else, one that comes twice, or no archive's content at all.
    """
    source, seen = _Taken(content), set[str]()
    while True:
        size = int.from_bytes(source.exactly(4), "big")
        if size > _LARGEST_ENTRY_HEAD_BYTES:
            _refuse("its content is none of an archive")
        path, size_bytes = _read_entry_head(source.exactly(size))
        check_path(path)
        if folded(path) in seen:
            _refuse(f"it has {path!r} twice")
        seen.add(folded(path))
        parts = source.parts(size_bytes)
        yield Entry(path, size_bytes, parts)
        for _ in parts:
            pass
        if path == END:
            source.require_end()
            return


def check_path(path: str) -> None:
    """Refuse a path that is not plainly below a folder, on any system.

    Raises:
        ArchiveRefused: it is empty, absolute, climbs, has a drive, a stream, a device or a control character in it.
    """
    names = path.split("/")
    if len(names) > _DEEPEST:
        _refuse(f"it has a path of {len(names)} folders in it")
    for name in names:
        is_plain = (
            name not in ("", ".", "..")
            and len(name.encode(errors="surrogatepass")) <= _LONGEST_NAME
            and name.isprintable()
            and not set(name) & set('\\:*?"<>|')
            and not name.endswith((" ", "."))
            and not is_device_name(name)
        )
        if not is_plain:
            _refuse(f"it has a path in it that could lead elsewhere: {path!r}")


def _read_entry_head(text: bytes) -> tuple[str, int]:
    try:
        found = json.loads(text)
        path, size_bytes = found["path"], found["bytes"]
    except (ValueError, KeyError, TypeError, RecursionError):
        path = size_bytes = None
    if not isinstance(path, str) or type(size_bytes) is not int or size_bytes < 0:
        _refuse("its content is none of an archive")
    return path, size_bytes


def _refuse(message: str) -> Any:
    raise ArchiveRefused(message)


class _Taken:
    """Bytes that come in pieces, taken in others."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content = content
        self._held = memoryview(b"")

    def exactly(self, size: int) -> bytes:
        return b"".join(self.parts(size))

    def parts(self, size: int) -> Iterator[bytes]:
        missing = size
        while missing:
            if not self._held:
                piece = next(self._content, None)
                if piece is None:
                    _refuse("it ends before its end")
                self._held = memoryview(piece or b"")
                continue
            taken = self._held[: min(missing, _PIECE_BYTES)]
            self._held = self._held[len(taken) :]
            missing -= len(taken)
            yield bytes(taken)

    def require_end(self) -> None:
        if self._held or any(self._content):
            _refuse("it has something behind its end")


Tell = Callable[[str], None]
"""What is said of how far it has come."""
