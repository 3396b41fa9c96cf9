"""One or two conversions at a time, each in a process and a folder of its own, gone when its caller has gone.

A file is fetched when its turn has come, so that those that wait take no memory. The worker is ended, and waited for,
before its folder is removed: whatever ends the wait, nothing is left.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

import structlog

from tuntas.conversion.order import ConversionOrder
from tuntas.foundation.cancellation import finish
from tuntas.foundation.identifiers import ulid
from tuntas.foundation.tasks import blocking, blocking_to_its_end, end, spawn
from tuntas.sessions.errors import ConverterMissing, FileTooLarge, NotConvertible, SessionError, TryLater
from tuntas.sessions.outgoing import FileSource, MessageKind

# More than these wait for nothing that comes soon.
MOST_WAITING = 20
# What the worker says fits in one line; more than this is not read.
MOST_ANSWER_BYTES = 64 * 1024
# All that it inherits: where Python, its packages and libraries are.
_INHERITED = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV"})

Read = Callable[[str, FileSource], Awaitable[tuple[bytes, str | None]]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConversionLimits:
    """What a conversion may take. ``media_seconds``: how long the recording may be; ``file_bytes``: what comes out."""

    at_once: int = 1
    seconds: float = 120.0
    memory_bytes: int = 1024 * 1024 * 1024
    media_seconds: float = 900.0
    file_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Done:
    is_fit: bool
    mimetype: str
    suffix: str


class Converter:
    """Implements ``tuntas.sessions.ports.Conversion``."""

    def __init__(self, folder: Path, read: Read, limits: ConversionLimits) -> None:
        """Work in ``folder``, which is emptied now; ``read`` gives the bytes and the name of a session's file."""
        self._folder = folder
        self._read = read
        self._limits = limits
        self._turns = asyncio.Semaphore(limits.at_once)
        self._waiting = 0
        _clear(folder)  # what a server that was killed has left

    async def convert(
        self,
        session: str,
        source: FileSource,
        kind: MessageKind,
        gone: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> FileSource:
        """Return the file as one that is played as this kind; see ``ports.Conversion.convert``."""
        if find_spec("av") is None:
            raise ConverterMissing("av")
        work = spawn(self._in_turn(session, source, kind), name=f"conversion of a {kind.value}")
        leaving = None if gone is None else spawn(gone(), name="caller of a conversion has gone")
        try:
            await asyncio.wait([work] if leaving is None else [work, leaving], return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                message = "Whoever asked for this conversion has gone; nothing was done."
                raise TryLater(message)
            if isinstance(result := work.result(), SessionError):
                raise result
            return result
        finally:
            await end(leaving)
            await end(work)

    async def _in_turn(self, session: str, source: FileSource, kind: MessageKind) -> FileSource | SessionError:
        # Returned and not raised: a refusal is no crash of this task.
        try:
            await self._take_turn()
            try:
                data, filename = await self._read(session, source)
                return await self._converted(data, filename, kind)
            finally:
                self._turns.release()
        except SessionError as error:
            return error

    async def _take_turn(self) -> None:
        busy = "Other files are being converted; nothing was done with this one."
        if self._waiting >= MOST_WAITING:
            raise TryLater(busy)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise TryLater(busy) from None
        finally:
            self._waiting -= 1

    async def _converted(self, data: bytes, filename: str | None, kind: MessageKind) -> FileSource:
        folder = self._folder / ulid()
        try:
            await blocking_to_its_end(_lay_out, folder, data)
            order = ConversionOrder(
                kind=kind.value,
                folder=str(folder),
                memory_bytes=self._limits.memory_bytes,
                media_seconds=self._limits.media_seconds,
                file_bytes=self._limits.file_bytes,
            )
            done = await self._ask_worker(order)
            made = data if done.is_fit else await blocking((folder / "made").read_bytes)
        finally:
            await blocking_to_its_end(_clear, folder)
        if len(made) > self._limits.file_bytes:
            raise FileTooLarge(self._limits.file_bytes, "TUNTAS_MEDIA_MAX_BYTES")
        name = f"{PurePosixPath(filename or kind.value).stem or kind.value}{done.suffix}"
        return FileSource(done.mimetype, name, base64.b64encode(made).decode())

    async def _ask_worker(self, order: ConversionOrder) -> _Done:
        answer, code = await self._run(order)
        match answer:
            case {"is_fit": bool(is_fit), "mimetype": str(mimetype), "suffix": str(suffix)}:
                return _Done(is_fit, mimetype, suffix)
            case {"refused": str(reason)}:
                raise NotConvertible(reason)
            case {"is_too_large": True}:
                raise FileTooLarge(self._limits.file_bytes, "TUNTAS_MEDIA_MAX_BYTES")
            case {"missing": str(name)}:
                raise ConverterMissing(name)
            case _:
                # FFmpeg itself ends the process where it finds no memory, and what it does with a hostile file no
                # one knows.
                log.warning("conversion_failed", kind=order.kind, code=code, said=(answer or {}).get("failed"))
                message = (
                    "The file could not be converted: it is damaged, or needs more memory than "
                    "TUNTAS_CONVERT_MEGABYTES allows."
                )
                raise NotConvertible(message)

    async def _run(self, order: ConversionOrder) -> tuple[dict[str, Any] | None, int]:
        """Return what the worker said, and its exit code; it is gone then."""
        # A start that is cut off in the middle leaves asyncio waiting for pipes that nobody connects any more.
        starting = spawn(_start(order), name="start of a converter")
        try:
            process = await finish(starting)
        except asyncio.CancelledError:
            if not starting.cancelled() and starting.exception() is None:
                await _end(starting.result())
            raise
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self._limits.seconds):
                said = await process.stdout.read(MOST_ANSWER_BYTES)
                code = await process.wait()
        except TimeoutError:
            message = f"The conversion took longer than {self._limits.seconds:g} s (TUNTAS_CONVERT_TIMEOUT_SECONDS)."
            raise NotConvertible(message) from None
        finally:
            await finish(spawn(_end(process), name=f"end of converter {process.pid}"))
        try:
            answer = json.loads(said)
        except ValueError:
            answer = None
        return (answer if isinstance(answer, dict) else None), code


async def _start(order: ConversionOrder) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tuntas.conversion.worker",
        json.dumps(asdict(order)),
        # It watches this end: when we are gone, it goes.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=order.folder,
        env={name: value for name, value in os.environ.items() if name.upper() in _INHERITED},
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
    assert process.stdin is not None
    process.stdin.close()


def _clear(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _lay_out(folder: Path, data: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "given").write_bytes(data)
