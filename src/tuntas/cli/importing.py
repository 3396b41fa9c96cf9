"""``tuntas import``: sessions of whatsapp-web.js, and one that was exported, go on here with no new scan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tuntas.cli.options import AsJson, DataDir


def import_(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|FILE",
            help="whatsapp-web.js's .wwebjs_auth, or one session folder in it; or the file of `tuntas export`.",
        ),
    ],
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy and keep DIR, as from another volume. Never run both at once.")
    ] = False,
    start: Annotated[bool, typer.Option("--start", help="Have the sessions run at the next `tuntas serve`.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take over whatsapp-web.js's sessions (LocalAuth): each session-NAME folder becomes the session NAME.

    Or one session from the file that `tuntas export` wrote, which is spent then.

    Stop both servers first, Tuntas and the old one. The folders are moved in one rename, nothing is lost if it is
    interrupted, and the sessions need no new QR. Either all of DIR is imported or, with the reason, nothing.
    """
    import asyncio

    from tuntas.config import load
    from tuntas.foundation import logs
    from tuntas.server.importing import Order, import_sessions
    from tuntas.server.moving import import_file

    settings = load(data_dir=data_dir)
    logs.configure(level="warning", as_json=settings.log_json)
    if directory.is_file():
        name = asyncio.run(import_file(directory.expanduser().absolute(), settings, start=start, tell=lambda _: None))
        if as_json:
            typer.echo(json.dumps([{"session": name, "source": str(directory), "profile": None}]))
        else:
            typer.echo(f"Session {name}, which runs here from now on: {directory} is spent.")
            typer.echo(_next_step(name, start=start))
        return
    imported = asyncio.run(import_sessions(Order(directory, copy=copy, start=start), settings))
    if as_json:
        rows = [{"session": one.session, "source": str(one.source), "profile": str(one.profile)} for one in imported]
        typer.echo(json.dumps(rows))
        return
    for one in imported:
        typer.echo(f"Session {one.session}: {'copied' if copy else 'moved'} from {one.source} to {one.profile}")
    typer.echo(_next_step(imported[0].session, start=start))


def _next_step(session: str, *, start: bool) -> str:
    if start:
        return "It starts with `tuntas serve`, with no new scan."
    return f"Run `tuntas serve`, then `tuntas sessions start {session}`: no new scan is needed."
