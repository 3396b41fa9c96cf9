"""What the shell offers after Tab: the names of the running server's sessions. Silent when there is no server."""

from __future__ import annotations

import typer

from tuntas.foundation.user_error import UserError


def session_names(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names that begin with what was typed."""
    from tuntas.cli.client import connect

    try:
        with connect(context.params.get("data_dir")) as client:
            names = [str(one["name"]) for one in client.get("/api/sessions", all=True)]
    except UserError:
        return []  # a line of error in the middle of somebody's typing helps nobody
    return [name for name in names if name.startswith(incomplete)]
