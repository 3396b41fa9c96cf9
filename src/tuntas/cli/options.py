"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from tuntas.cli.completion import session_names

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="DIR", help="Folder of the profiles and the database; or TUNTAS_DATA_DIR. Default: ./data"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def session_name(given: str | None) -> str | None:
    """Return a session's name as it was given: it goes into an address. Raises BadParameter if it can be none's."""
    from tuntas.sessions.model import SESSION_NAME_PATTERN

    if given is not None and not re.fullmatch(SESSION_NAME_PATTERN, given):
        message = f"{given!r} is no session's name: letters, digits, _ and -, at most 64."
        raise typer.BadParameter(message)
    return given


def statuses(given: list[str] | None) -> list[str] | None:
    """Return statuses as they were given. Raises BadParameter for one that there is not."""
    from tuntas.sessions.machine import Status

    known = [one.value for one in Status]
    for one in given or ():
        if one.upper() not in known:
            message = f"{one!r} is no status: {', '.join(known)}."
            raise typer.BadParameter(message)
    return given


Statuses = Annotated[
    list[str] | None,
    typer.Option("--status", metavar="STATUS", help="Only these, such as failed; may be repeated.", callback=statuses),
]
Search = Annotated[
    str, typer.Option("--search", metavar="TEXT", help="Only those with this in name, account or number.")
]
SessionName = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The session's name.", autocompletion=session_names, callback=session_name),
]
