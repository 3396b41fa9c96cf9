"""``tuntas selftest``: does what Tuntas promises hold on this very machine; with a report that can be sent back.

Its real parts are played through in a temporary folder: files that another process holds, a browser nobody owns, a
server that is killed, a session's whole life on the sandbox. It must never touch a data folder, a setting or a browser
of anybody's, and leaves nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from tuntas.cli.options import AsJson

if TYPE_CHECKING:
    from tuntas.cli.selftest_report import CheckOutcome


def selftest(as_json: AsJson = False) -> None:
    """Try out on this machine what Tuntas promises, in a minute; print a report that you can send to its makers.

    Files held by another process, a folder renamed under an open file, a whole life on the sandbox, a killed server, a
    browser that nobody owns. Touches nothing of yours and leaves nothing. The report has no names, no numbers and no
    paths of yours. Exit code 1: something failed.

    Progress goes to standard error: `tuntas selftest > report.txt` keeps the report.
    """
    from tuntas.cli.selftest_checks import run_checks
    from tuntas.cli.selftest_report import Scrubber, document, text

    def progress(done: CheckOutcome) -> None:
        typer.echo(f"{done.seconds:6.1f} s  {done.result:<7}  {done.check}", err=True)

    scrubber = Scrubber()
    typer.echo("Trying out this machine; it takes a minute and leaves nothing.", err=True)
    outcomes = run_checks(scrubber, progress)
    report = document(outcomes, scrubber)
    typer.echo(json.dumps(report) if as_json else text(report))
    if not report["ok"]:
        raise typer.Exit(1)
