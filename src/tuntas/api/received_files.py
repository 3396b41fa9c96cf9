"""Files of messages, downloaded when somebody asks, kept for a while in the data folder under ``files/``.

A folder for each session, by the id that no other session ever has; in it, for each file, its bytes and a note of its
type and name. They go when their time is over and when their session is gone, also if the server was down meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import blocking

UNFINISHED = ".part"
UNFINISHED_SECONDS = 3600.0
RETRY_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FileNote:
    """What is known of a file."""

    mimetype: str
    filename: str | None
    size: int
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that is there."""

    id: str
    path: Path
    note: FileNote


class ReceivedFiles:
    """All files of one server."""

    def __init__(
        self,
        folder: Path,
        lifetime_seconds: float,
        sessions: Callable[[], Collection[str]],
        is_told: Callable[[str, str], Awaitable[bool]] | None = None,
    ) -> None:
        """Keep files under ``folder``; ``sessions`` returns the ids of the sessions that there are.

        ``is_told`` says of a session's id and a message's whether somebody is still to be told of the message, or was
        within the lifetime: its file stays.
        """
        self._is_told = is_told
        self._folder = folder
        self._lifetime_seconds = lifetime_seconds
        self._sessions = sessions
        self._news = asyncio.Event()

    async def find(self, session_id: str, file_id: str) -> ReceivedFile | None:
        """Return a file, None if there is none or its time is over."""
        found = await blocking(self._find, session_id, file_id)
        if found is None or (self._is_old(found.path) and not await self._stays(session_id, found)):
            return None
        return found

    async def keep(self, session_id: str, message_id: str, note: FileNote, parts: AsyncIterator[bytes]) -> ReceivedFile:
        """Write the file of a message, in place of an earlier copy."""
        file_id = id_of(message_id)
        folder = self._folder / session_id
        await blocking(lambda: folder.mkdir(parents=True, exist_ok=True, mode=0o700))
        fresh = folder / f"{ulid()}{UNFINISHED}"
        try:
            async for part in parts:
                await blocking(_append, fresh, part)
            await blocking(_finish, fresh, folder / file_id, note)
        finally:
            await blocking(lambda: fresh.unlink(missing_ok=True))
        self._news.set()
        return ReceivedFile(file_id, folder / file_id, note)

    async def run(self) -> None:
        """Remove what has to go, whenever something has to; sleeps while there is nothing."""
        while True:
            self._news.clear()
            wait_seconds, old = await blocking(self._tidy, frozenset(self._sessions()))
            for session_id, file_id in old:
                found = await blocking(self._find, session_id, file_id)
                if found is None or not await self._stays(session_id, found):
                    await blocking(self._remove, self._folder / session_id / file_id)
            if old:
                continue
            try:
                async with asyncio.timeout(wait_seconds):
                    await self._news.wait()
            except TimeoutError:
                continue

    def look_again(self) -> None:
        """Have ``run`` look for files of sessions that are gone."""
        self._news.set()

    async def _stays(self, session_id: str, file: ReceivedFile) -> bool:
        """Say whether a file whose time is over is needed still; then it has another lifetime."""
        message_id = file.note.message_id
        if self._is_told is None or message_id is None or not await self._is_told(session_id, message_id):
            return False
        await blocking(_renew, file.path)
        return True

    def _is_old(self, path: Path) -> bool:
        try:
            return path.stat().st_mtime + self._lifetime_seconds <= time.time()
        except FileNotFoundError:
            return True

    def _tidy(self, known: frozenset[str]) -> tuple[float | None, list[tuple[str, str]]]:
        """Remove what has to go; return in how many seconds to look again, None where nothing is left, and which
        files' time is over, by session and id.
        """
        if not self._folder.is_dir():
            return None, []
        waits = []
        old: list[tuple[str, str]] = []
        for folder in self._folder.iterdir():
            try:
                if folder.name not in known:
                    shutil.rmtree(folder)
                    continue
                for path in folder.iterdir():
                    left = path.stat().st_mtime + self._seconds_for(path) - time.time()
                    if left > 0:
                        waits.append(left)
                    elif path.suffix == UNFINISHED or not path.with_suffix("").exists():
                        path.unlink()
                    elif not path.suffix:
                        old.append((folder.name, path.name))
            except OSError as error:
                # On Windows a file that is just being read cannot be removed.
                log.warning("received_file_not_removed", path=str(folder), error=str(error))
                waits.append(RETRY_SECONDS)
        return min(waits, default=None), old

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
        except OSError as error:
            # On Windows a file that is just being read cannot be removed.
            log.warning("received_file_not_removed", path=str(path), error=str(error))
            _renew(path)

    def _seconds_for(self, path: Path) -> float:
        # One that is still being written, or was left behind by a server that died.
        return UNFINISHED_SECONDS if path.suffix == UNFINISHED else self._lifetime_seconds

    def _find(self, session_id: str, file_id: str) -> ReceivedFile | None:
        path = self._folder / session_id / file_id
        try:
            path.stat()
            note = FileNote(**json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        return ReceivedFile(file_id, path, note)


def id_of(message_id: str) -> str:
    """Return the id of a message's file: always the same, so that it is downloaded once."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _renew(path: Path) -> None:
    for one in (path, path.with_suffix(".json")):
        with contextlib.suppress(FileNotFoundError):
            os.utime(one)


def _append(path: Path, part: bytes) -> None:
    with path.open("ab") as file:
        file.write(part)


def _finish(fresh: Path, path: Path, note: FileNote) -> None:
    fresh.touch()  # a file may be empty
    path.with_suffix(".json").write_text(json.dumps(asdict(note)), encoding="utf-8")
    fresh.replace(path)
