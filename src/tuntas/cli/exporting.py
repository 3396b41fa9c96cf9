"""``tuntas export``: a session goes to another server as one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tuntas.cli.options import AsJson, DataDir


def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The session.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet, such as shop.tuntas.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Move a session away: stop it for good here, and write the file that starts it elsewhere, once, without a scan.

    With the server running or stopped. There, with its server stopped: tuntas import FILE --start. Encrypted by
    TUNTAS_BACKUP_KEY, which the other side needs too.
    """
    import asyncio

    from tuntas.cli.client import connect
    from tuntas.config import load
    from tuntas.foundation import logs
    from tuntas.server import moving
    from tuntas.server.data_folder import DataFolder

    settings = load(data_dir=data_dir)
    logs.configure(level="warning", as_json=settings.log_json)
    file = file.expanduser().absolute()
    moving.require_file(file)
    if DataFolder(settings.data_dir).running_server() is not None:
        with connect(data_dir) as client:
            client.post(f"/api/sessions/{name}/retire")
    else:
        asyncio.run(moving.retire(name, settings))
    made = asyncio.run(moving.write_file(name, file, settings, lambda _: None))
    if as_json:
        facts = {"session": name, "path": made.path, "bytes": made.size_bytes, "encrypted": made.is_encrypted}
        typer.echo(json.dumps(facts))
    else:
        typer.echo(
            f"{made.path}: session {name}, which never starts here again. There: tuntas import {file.name} --start"
        )
    if not made.is_encrypted:
        typer.echo("It is NOT encrypted: whoever reads it has the account. TUNTAS_BACKUP_KEY encrypts it.", err=True)
