"""``tuntas ps``: the browsers that run on this data folder's profiles, whether a server runs or not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from tuntas.cli.client import Refused, ServerUnreachable, connect
from tuntas.cli.options import AsJson, DataDir
from tuntas.cli.tables import console_for_tables, cut_to_fit
from tuntas.cli.watch import age


def ps(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List our running browsers: session, pid, processes, memory, since when, profile, state.

    Only browsers on this data folder's profiles are listed; anybody else's Chrome is none of our business.
    """
    from tuntas.config import load
    from tuntas.processes.browsers import running_browsers

    settings = load(data_dir=data_dir)
    known = _known_sessions(data_dir)
    rows = []
    for browser in running_browsers(settings.profiles_dir):
        session, state = known.get(str(browser.profile), (None, None))
        rows.append(
            {
                "session": session or browser.profile.name,
                "pid": browser.pid,
                "processes": browser.processes,
                "memory_bytes": browser.memory_bytes,
                "started_at": browser.started_at.isoformat(),
                "profile": str(browser.profile),
                "state": state or "unsupervised",
            }
        )
    if as_json:
        typer.echo(json.dumps(rows))
    elif rows:
        _draw(rows)
    else:
        typer.echo(f"No browser runs on {settings.profiles_dir}.")


def _known_sessions(data_dir: Any) -> dict[str, tuple[str | None, str | None]]:
    try:
        with connect(data_dir) as client:
            return {one["profile"]: (one["session"], one["state"]) for one in client.get("/api/browsers")}
    except (ServerUnreachable, Refused):
        return {}  # no server: the process table alone tells what runs


def _draw(rows: list[dict[str, Any]]) -> None:
    from rich.table import Column, Table

    kept = [Column(name, no_wrap=True) for name in ("pid", "processes", "memory", "since", "state")]
    table = Table("session", *kept, "profile", box=None)
    for row in rows:
        table.add_row(
            cut_to_fit(row["session"]),
            str(row["pid"]),
            str(row["processes"]),
            f"{row['memory_bytes'] / 1e6:.0f} MB",
            age(datetime.now(UTC) - datetime.fromisoformat(row["started_at"])),
            row["state"],
            cut_to_fit(_from_here(Path(row["profile"]))),
        )
    console_for_tables().print(table)


def _from_here(path: Path) -> str:
    """Write a path as short as it can be used from where we are."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, FileNotFoundError):
        return str(path)
