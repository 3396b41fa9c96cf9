"""``tuntas sandbox``: a WhatsApp Web of our own, for building and testing with no phone."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tuntas.sandbox.server import Sandbox


def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 3999,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", metavar="DIR", help="Remember phones and links here. Default: nowhere")
    ] = None,
    https_port: Annotated[
        int | None,
        typer.Option(help="Be https://web.whatsapp.com/ here too, for whatsapp-web.js and others; 0 takes a free one."),
    ] = None,
) -> None:
    """Run a local WhatsApp Web until Ctrl-C, on loopback only.

    Point a server at it with TUNTAS_WHATSAPP_URL=http://127.0.0.1:3999/ and play the phone with the control API:
    POST /_sandbox/phones, POST /_sandbox/phones/{number}/scan …

    A tool that opens https://web.whatsapp.com/ and nothing else works with --https-port: give its browser the flags
    that are printed.
    """
    # Imported when it runs: the other commands need not wait for it to load.
    from tuntas.foundation import logs

    logs.configure(level="warning")
    asyncio.run(_run(port, data_dir, https_port))


async def _run(port: int, data_dir: Path | None, https_port: int | None) -> None:
    from tuntas.foundation.tasks import end, spawn
    from tuntas.sandbox.server import SandboxSettings
    from tuntas.sandbox.server import serve as run_sandbox

    settings = SandboxSettings(port=port, https_port=https_port, data_dir=data_dir)
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


def _say(sandbox: Sandbox) -> None:
    typer.echo(f"The sandbox answers at {sandbox.url}. Ctrl-C stops it.")
    typer.echo(f"Use it: TUNTAS_WHATSAPP_URL={sandbox.url}/ tuntas serve")
    if sandbox.browser_flags:
        typer.echo(
            "Any other tool: start its browser with these two flags, and it finds https://web.whatsapp.com/ here."
        )
        for flag in sandbox.browser_flags:
            typer.echo(f"  {flag}")
