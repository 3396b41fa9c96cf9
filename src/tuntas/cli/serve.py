"""``tuntas serve``: run the server, in development with a restart at every change of the code."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import DataDir

if TYPE_CHECKING:
    from tuntas.config import Loaded, Settings
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
    import asyncio

    from tuntas.config import load_all
    from tuntas.foundation import logs

    loaded = load_all(host=host, port=port, data_dir=data_dir)
    settings = loaded.settings
    if reload:
        from tuntas.cli.reload import run_reloading

        options = {"--host": host, "--port": port, "--data-dir": data_dir}
        given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
        asyncio.run(run_reloading(["serve", *given], stop_seconds=settings.shutdown_timeout_seconds + 15))
        return
    logs.configure(level=settings.log_level, as_json=settings.log_json)
    _tell_of_waha(loaded)
    # What a start loads stays for good: to look through it for garbage would take a fifth of the start.
    gc.disable()
    from tuntas.server.run import serve as run_server

    asyncio.run(run_server(settings, lambda ready: _say(settings, ready)))


def _tell_of_waha(loaded: Loaded) -> None:
    import structlog

    log = structlog.get_logger(__name__)
    for name, ours in loaded.environment.taken.items():
        log.info("setting_taken_from_waha", variable=name, stands_for=ours)
    for name, reason in loaded.environment.passed_over.items():
        log.warning("setting_of_waha_without_effect", variable=name, reason=reason)


def _say(settings: Settings, ready: Ready) -> None:
    gc.collect()
    gc.freeze()
    gc.enable()

    typer.echo(f"Tuntas answers at {ready.url} (open it in a browser; API: {ready.url}/docs). Ctrl-C stops it.")
    if ready.new_key is not None:
        typer.echo(f"API key, shown only now: {ready.new_key}")
    elif settings.api_key is None:
        typer.echo("API key: the one that was printed at the first start.")
    if ready.sandbox is not None:
        typer.echo(ready.sandbox)
