"""``tuntas serve``: run the server, in development with a restart at every change of the code."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import DataDir

if TYPE_CHECKING:
    from tuntas.config import Settings
    from tuntas.server.run import Ready


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one. Default: 3000")] = None,
    data_dir: DataDir = None,
    reload: Annotated[bool, typer.Option("--reload", help="Restart when the code changes (development).")] = False,
) -> None:
    """Run the server until Ctrl-C; a second Ctrl-C hurries it.

    At its first start it prints an API key, once. Every setting is an environment variable too: TUNTAS_PORT,
    TUNTAS_API_KEY, TUNTAS_WHATSAPP_URL …
    """
    # Imported when it runs: the smaller commands need not wait for the whole server to load.
    from tuntas.config import load
    from tuntas.foundation import logs
    from tuntas.server.run import serve as run_server

    settings = load(host=host, port=port, data_dir=data_dir)
    if reload:
        from tuntas.cli.reload import run_reloading

        options = {"--host": host, "--port": port, "--data-dir": data_dir}
        given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
        asyncio.run(run_reloading(["serve", *given], stop_seconds=settings.shutdown_timeout_seconds + 15))
        return
    logs.configure(level=settings.log_level, as_json=settings.log_json)
    asyncio.run(run_server(settings, lambda ready: _say(settings, ready)))


def _say(settings: Settings, ready: Ready) -> None:
    typer.echo(f"Tuntas answers at {ready.url} (open it in a browser; API: {ready.url}/docs). Ctrl-C stops it.")
    if ready.new_key is not None:
        typer.echo(f"API key, shown only now: {ready.new_key}")
    elif settings.api_key is None:
        typer.echo("API key: the one that was printed at the first start.")
