"""``tuntas sandbox``: a WhatsApp Web of our own, for building and testing with no phone."""

from __future__ import annotations

import contextlib
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
    import asyncio

    from tuntas.foundation import logs

    logs.configure(level="warning")
    asyncio.run(_run(port, data_dir, https_port))


async def _run(port: int, data_dir: Path | None, https_port: int | None) -> None:
    import asyncio

    from tuntas.sandbox.server import SandboxSettings
    from tuntas.sandbox.server import serve as run_sandbox
    from tuntas.server.stop_signals import each_told

    running = asyncio.current_task()
    assert running is not None
    with contextlib.suppress(asyncio.CancelledError), each_told(running.cancel):
        await run_sandbox(SandboxSettings(port=port, https_port=https_port, data_dir=data_dir), _say)


def _say(sandbox: Sandbox) -> None:
    typer.echo(f"The sandbox answers at {sandbox.url}. Ctrl-C stops it.")
    typer.echo(f"Use it: TUNTAS_WHATSAPP_URL={sandbox.url}/ tuntas serve")
    if sandbox.browser_flags:
        typer.echo(
            "Any other tool: start its browser with these two flags, and it finds https://web.whatsapp.com/ here."
        )
        for flag in sandbox.browser_flags:
            typer.echo(f"  {flag}")
