"""``tuntas doctor``: is this machine, and this data folder, fit for work; and if not, what to do. Changes nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from tuntas.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from tuntas.server.doctor import Finding

_SIGNS = {"fine": ("✓", "green"), "warning": ("!", "yellow"), "broken": ("✗", "red")}


def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check the browser, the machine, the data folder and the database; say what is wrong and what to do.

    Works with the server running or not, and changes nothing. Exit code 1: something is broken. Warnings do not count.
    """
    from tuntas.config import load
    from tuntas.server.doctor import Level, examine

    findings = examine(load(data_dir=data_dir))
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in findings]))
    else:
        _draw(findings)
    if any(one.level is Level.BROKEN for one in findings):
        raise typer.Exit(1)


def _draw(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    for one in findings:
        sign, colour = _SIGNS[one.level]
        detail = Text(one.detail)
        if one.advice:
            detail.append(f"\n→ {one.advice}", style=colour)
        table.add_row(Text(sign, style=colour), Text(one.check), detail)
    console = Console()
    console.print(Padding(table, (0, 1)))
    counts = {level: sum(one.level == level for one in findings) for level in _SIGNS}
    console.print(f" {counts['fine']} fine, {counts['warning']} warnings, {counts['broken']} broken")
