"""``tuntas sandbox``: a WhatsApp Web of our own, for building and testing with no phone."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import typer


def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 3999,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", metavar="DIR", help="Remember phones and links here. Default: nowhere")
    ] = None,
) -> None:
    """Run a local WhatsApp Web until Ctrl-C, on loopback only.

    Point a server at it with TUNTAS_WHATSAPP_URL=http://127.0.0.1:3999/ and play the phone with the control API:
    POST /_sandbox/phones, POST /_sandbox/phones/{number}/scan …
    """
    # Imported when it runs: the other commands need not wait for it to load.
    from tuntas.foundation import logs

    logs.configure(level="warning")
    asyncio.run(_run(port, data_dir))


async def _run(port: int, data_dir: Path | None) -> None:
    from tuntas.foundation.tasks import end, spawn
    from tuntas.sandbox.server import SandboxSettings
    from tuntas.sandbox.server import serve as run_sandbox

    settings = SandboxSettings(port=port, data_dir=data_dir)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    server = spawn(run_sandbox(settings, _say), name="sandbox")
    waiting = spawn(stopping.wait(), name="stop signal")
    await asyncio.wait({server, waiting}, return_when=asyncio.FIRST_COMPLETED)
    await end(waiting)
    await end(server)
    with contextlib.suppress(asyncio.CancelledError):
        server.result()


def _say(url: str) -> None:
    typer.echo(f"The sandbox answers at {url}. Ctrl-C stops it.")
    typer.echo(f"Use it: TUNTAS_WHATSAPP_URL={url}/ tuntas serve")
