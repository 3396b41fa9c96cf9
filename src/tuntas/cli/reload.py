"""Restarts a server when the code changes. The old one is stopped cleanly first, so that a reload leaks nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import ModuleType

import structlog

import tuntas
from tuntas.cli.child import child_command
from tuntas.foundation.tasks import end, spawn
from tuntas.foundation.user_error import NotInstalled
from tuntas.server.stop_signals import each_told

log = structlog.get_logger(__name__)

WATCHED = {".py", ".js", ".html", ".css", ".toml"}


async def run_reloading(arguments: list[str], *, stop_seconds: float) -> None:
    """Run ``tuntas`` with ``arguments`` until a signal comes; restart it at each change of its code.

    Raises:
        NotInstalled: what watches the code is in an extra.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise NotInstalled("--reload", error, "reload") from error
    stopping = asyncio.Event()
    with each_told(stopping.set):
        await _restart_at_changes(watchfiles, stopping, arguments, stop_seconds)


async def _restart_at_changes(
    watchfiles: ModuleType, stopping: asyncio.Event, arguments: list[str], stop_seconds: float
) -> None:
    folder = Path(tuntas.__file__).parent
    changes = watchfiles.awatch(folder, watch_filter=lambda _, path: Path(path).suffix in WATCHED, stop_event=stopping)
    change = spawn(_next(changes), name="code change")
    try:
        while not stopping.is_set():
            child = await asyncio.create_subprocess_exec(*child_command(arguments), start_new_session=True)
            ended = spawn(child.wait(), name="reloaded server")
            try:
                # A server that ends by itself (a syntax error, say) waits for the next change, not in a loop.
                await change
            finally:
                await _stop(child, ended, stop_seconds)
            if not stopping.is_set():
                log.info("code_changed_restarting")
                change = spawn(_next(changes), name="code change")
    finally:
        await end(change)


async def _next(changes: object) -> None:
    async for _ in changes:  # type: ignore[attr-defined]
        return


async def _stop(child: asyncio.subprocess.Process, ended: asyncio.Task[int], limit_seconds: float) -> None:
    if child.returncode is None:
        child.terminate()
        await asyncio.wait([ended], timeout=limit_seconds)
    if child.returncode is None:
        log.warning("server_killed", after_seconds=limit_seconds)
        child.kill()
    await ended
