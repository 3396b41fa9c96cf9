"""``tuntas import``: sessions of whatsapp-web.js go on here, with no new scan."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from tuntas.cli.options import AsJson, DataDir


def import_(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="whatsapp-web.js's .wwebjs_auth, or one session folder in it.")
    ],
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy and keep DIR, as from another volume. Never run both at once.")
    ] = False,
    start: Annotated[bool, typer.Option("--start", help="Have the sessions run at the next `tuntas serve`.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take over whatsapp-web.js's sessions (LocalAuth): each session-NAME folder becomes the session NAME.

    Stop both servers first, Tuntas and the old one. The folders are moved in one rename, nothing is lost if it is
    interrupted, and the sessions need no new QR. Either all of DIR is imported or, with the reason, nothing.
    """
    from tuntas.config import load
    from tuntas.foundation import logs
    from tuntas.server.importing import Order, import_sessions

    settings = load(data_dir=data_dir)
    logs.configure(level="warning", as_json=settings.log_json)
    imported = asyncio.run(import_sessions(Order(directory, copy=copy, start=start), settings))
    if as_json:
        rows = [{"session": one.session, "source": str(one.source), "profile": str(one.profile)} for one in imported]
        typer.echo(json.dumps(rows))
        return
    for one in imported:
        typer.echo(f"Session {one.session}: {'copied' if copy else 'moved'} from {one.source} to {one.profile}")
    if start:
        typer.echo("They start with `tuntas serve`, with no new scan.")
    else:
        typer.echo(f"Run `tuntas serve`, then `tuntas sessions start {imported[0].session}`: no new scan is needed.")
