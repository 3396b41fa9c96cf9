"""A bucket that speaks S3, by ``obstore``. Address and credentials are in the variables that all tools read (AWS_…).

An upload that fails is taken back; one that was cut off by a kill leaves parts that nobody sees: a bucket's own rule
"abort incomplete uploads" removes them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, TYPE_CHECKING, cast

from tuntas.backup.errors import PlaceUnusable
from tuntas.backup.places import S3, SUFFIX, StoredArchive
from tuntas.foundation.user_error import NotInstalled

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined,unused-ignore]

    from obstore.store import S3Store

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_CONNECT = "10s"
_RETRY_SECONDS = 30
_PIECE_BYTES = 1024 * 1024
_UPLOADS_AT_ONCE = 2


class S3Place:
    """The objects of one bucket below a prefix."""

    is_elsewhere = True

    def __init__(self, bucket: str, prefix: str) -> None:
        """Use ``bucket``. Raises NotInstalled, PlaceUnusable."""
        try:
            from obstore.store import S3Store
        except ImportError as error:
            what = "A backup in S3"
            raise NotInstalled(what, error, "s3") from error
        self._bucket, self._prefix = bucket, prefix
        endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), None)
        with self._told():
            self._store: S3Store = S3Store(
                bucket,
                **({} if endpoint is None else {"endpoint": endpoint}),  # type: ignore[arg-type]
                client_options={"allow_http": endpoint is not None, "connect_timeout": _CONNECT},
                retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)},
            )

    def shown(self, name: str = "") -> str:
        """Return its address, or an archive's."""
        return S3 + "/".join(filter(None, (self._bucket, self._prefix, name)))

    def require_room(self, size_bytes: int) -> None:  # noqa: ARG002 - a bucket has room
        """See that the bucket answers, before anything is copied. Raises PlaceUnusable."""
        self.stored()

    def write(self, name: str, pieces: Iterator[bytes]) -> int:
        """Upload in parts; it is there when the last one is. Raises PlaceUnusable."""
        import obstore

        with self._told():
            if any(one.name == name for one in self.stored()):
                message = f"{self.shown(name)} is there already, and no backup is ever written over. Name another file."
                raise PlaceUnusable(message)
            # Few at once: what was read ahead is kept in memory.
            parts = cast("Iterator[Buffer]", pieces)
            obstore.put(self._store, self._path(name), parts, max_concurrency=_UPLOADS_AT_ONCE)
            return int(obstore.head(self._store, self._path(name))["size"])

    def stored(self) -> list[StoredArchive]:
        """Return the archives below the prefix. Raises PlaceUnusable."""
        import obstore

        with self._told():
            prefix = f"{self._prefix}/" if self._prefix else None
            found = obstore.list_with_delimiter(self._store, prefix)["objects"]
            stored = [StoredArchive(one["path"].rpartition("/")[2], one["size"]) for one in found]
        return sorted((one for one in stored if one.name.endswith(SUFFIX)), key=lambda one: one.name)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open an archive; it comes as it is read. Raises PlaceUnusable."""
        import obstore

        with self._told(name):
            stream = obstore.get(self._store, self._path(name)).stream(min_chunk_size=_PIECE_BYTES)
            pieces = iter(stream)
        yield cast("IO[bytes]", _ObjectFile(self, pieces, name))

    def _path(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    @contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError, PermissionError, ValueError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
            message = (
                f"{self.shown(name)} cannot be used: {reason}. Check the bucket, AWS_ENDPOINT_URL, AWS_REGION, "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
            raise PlaceUnusable(message) from error


class _ObjectFile(io.RawIOBase):
    """What comes in pieces, read like a file."""

    def __init__(self, place: S3Place, pieces: Iterator[object], name: str) -> None:
        self._place, self._pieces, self._name = place, pieces, name
        self._held = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to so many bytes; none: the end."""
        if not self._held:
            with self._place._told(self._name):  # noqa: SLF001 - of this file
                piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held = memoryview(bytes(cast("bytes", piece)))
        taken = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(taken) :]
        return bytes(taken)
