"""The command's tree, and the one place where errors become a line and an exit code.

Exit codes: 0 done, 1 done with something left or failed, 2 wrong usage.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tuntas import __version__
from tuntas.cli import browser, cleanup, demo, doctor, importing, keys, ps, sandbox, serve, sessions
from tuntas.cli.first_steps import first_steps
from tuntas.foundation.advice import Advice

app = typer.Typer(
    name="tuntas",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Runs WhatsApp Web sessions, each in a real Chromium, and brings every one cleanly through its whole life.",
    epilog="New here? `tuntas demo` shows a whole life in a few seconds, `tuntas serve` starts the server.",
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("sandbox")(sandbox.sandbox)
app.command("ps")(ps.ps)
app.command("cleanup")(cleanup.cleanup)
app.command("doctor")(doctor.doctor)
app.command("import")(importing.import_)
app.add_typer(sessions.app, name="sessions")
app.add_typer(keys.app, name="keys")
app.add_typer(browser.app, name="browser")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tuntas {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Hold the options that every command has before it; without a command, say what to do first."""
    if context.invoked_subcommand is None:
        first_steps()


def main() -> None:
    """Run the command line."""
    try:
        app()
    except Advice as error:
        typer.echo(f"tuntas: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
