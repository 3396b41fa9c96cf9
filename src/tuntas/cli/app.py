"""The command's tree, and the one place where errors become a line and an exit code.

Exit codes: 0 done, 1 done with something left or failed, 2 wrong usage.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Annotated

import typer

from tuntas import __version__
from tuntas.cli import (
    backup,
    browser,
    canary,
    cleanup,
    config,
    demo,
    doctor,
    exporting,
    importing,
    keys,
    mcp,
    opening,
    ps,
    sandbox,
    selftest,
    serve,
    sessions,
)
from tuntas.cli.first_steps import first_steps
from tuntas.cli.groups import CommandGroup
from tuntas.foundation.user_error import UserError

# A pipe whose reader has gone; on Windows that is EINVAL. Then a full disk or device, and one that fails.
_CLOSED = {errno.EPIPE, errno.EINVAL}
_UNWRITABLE = {*_CLOSED, errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF}
_LONGEST_NAME_TOLD = 120

app = typer.Typer(
    name="tuntas",
    cls=CommandGroup,
    rich_markup_mode=None,  # for the groups below too
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Runs WhatsApp Web sessions, each in a real Chromium, and brings every one cleanly through its whole life.",
    epilog="New here? `tuntas demo` shows a whole life in a few seconds, `tuntas serve` starts the server.",
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("sandbox")(sandbox.sandbox)
app.command("open")(opening.open_)
app.command("ps")(ps.ps)
app.command("cleanup")(cleanup.cleanup)
app.command("doctor")(doctor.doctor)
app.command("selftest")(selftest.selftest)
app.command("canary")(canary.canary)
app.command("mcp")(mcp.mcp)
app.command("export")(exporting.export)
app.command("import")(importing.import_)
app.add_typer(sessions.app, name="sessions", cls=CommandGroup)
app.add_typer(backup.app, name="backup", cls=CommandGroup)
app.add_typer(keys.app, name="keys", cls=CommandGroup)
app.add_typer(browser.app, name="browser", cls=CommandGroup)
app.add_typer(config.app, name="config", cls=CommandGroup)


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


def _told(error: OSError) -> str:
    reason = error.strerror or str(error)
    if not isinstance(error.filename, str | bytes):
        return f"{reason}."
    name = os.fsdecode(error.filename)
    return f"{reason}: {name if len(name) <= _LONGEST_NAME_TOLD else f'{name[:_LONGEST_NAME_TOLD]}…'}"


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A name of a file may be any bytes, and must not end a command that tells it.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            app()
        finally:
            # Here and not when Python ends: what cannot be written is found out while it can still be said.
            _flush()
    except UserError as error:
        typer.echo(f"tuntas: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.filename is not None or error.errno not in _UNWRITABLE:
            # What was typed leads to something that the system does not give: too long a name, a folder that may not
            # be read. It says it better than a traceback does.
            typer.echo(f"tuntas: {_told(error)}", err=True)
            sys.exit(1)
        _say_nothing_more()
        # Whoever has closed a pipe (`| head`) has seen enough, and need not be told.
        if error.errno not in _CLOSED:
            with suppress(OSError):
                typer.echo(f"tuntas: the output cannot be written: {error.strerror}.", err=True)
        sys.exit(1)


def _flush() -> None:
    if sys.stdout is not None:  # it is none where the program was started without one
        sys.stdout.flush()


def _say_nothing_more() -> None:
    """Have what still waits to be written go nowhere: Python would try it once more at its end, and complain."""
    with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:  # noqa: PTH123 - no path, a device
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
