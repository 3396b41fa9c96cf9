"""``tuntas canary``: does WhatsApp's page, as it is now, have what Tuntas needs? Without an account."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.options import AsJson
from tuntas.foundation.user_error import UserError

if TYPE_CHECKING:
    from tuntas.canary.report import CanaryReport


def canary(
    as_json: AsJson = False,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE", help="Look at the page in this file, not at the one given out now."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Keep the page in this file, for --page and TUNTAS_WHATSAPP_PAGE."),
    ] = None,
) -> None:
    """Open WhatsApp's page without an account and say whether it has all that Tuntas needs.

    Needs no server and touches no session. Exit code 1: something is missing; sessions work all the same unless it says
    otherwise. Run it before an update, or every day.
    """
    import asyncio

    from tuntas.config import load
    from tuntas.server.canary import examine_page

    if page is not None and save is not None:
        message = "--save keeps the page that is given out now; together with --page there is none."
        raise typer.BadParameter(message)
    try:
        report = asyncio.run(examine_page(load(), page=page, save=save))
    except OSError as error:
        message = f"The page cannot be saved: {error}"
        raise UserError(message) from error
    if as_json:
        typer.echo(json.dumps({"ok": report.ok, "usable": report.usable} | asdict(report)))
    else:
        _tell(report)
    if not report.ok:
        raise typer.Exit(1)


def _tell(report: CanaryReport) -> None:
    typer.echo(f"{report.page or report.url}: WhatsApp Web {report.version or '?'}, WA-JS {report.wa_js or '?'}")
    if report.build is not None:
        typer.echo(f"  WhatsApp gives out revision {report.build} now")
    if report.problem is not None:
        typer.echo(f"  ✗ {report.problem}")
    elif report.required:
        typer.echo(f"  ✗ sessions cannot work: it lacks {', '.join(report.required)}")
    for name, names in report.missing.items():
        typer.echo(f"  ! no {name}: it lacks {', '.join(names)}")
    if report.ok:
        typer.echo(f"  ✓ a QR is shown and nothing is missing ({report.seconds:g} s)")
    elif report.usable:
        typer.echo("  ✓ sessions work, but for what is named above")
    if report.saved is not None:
        typer.echo(f"  kept in {report.saved}")
