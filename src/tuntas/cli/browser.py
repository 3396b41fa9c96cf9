"""``tuntas browser``: which browser will be used, and getting one."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tuntas.cli.options import AsJson, DataDir

app = typer.Typer(no_args_is_help=True, help="Find or install the browser that sessions run in.")


@app.command()
def find(
    data_dir: DataDir = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing; the exit code tells.")] = False,
) -> None:
    """List the browsers of this machine in the order of preference; the first is used. TUNTAS_BROWSER overrides it."""
    from tuntas.browser import candidates, choose, version_of
    from tuntas.config import load

    explicit = load(data_dir=data_dir).browser
    found = candidates(explicit)
    if quiet:
        raise typer.Exit(0 if found else 1)
    chosen = choose(explicit)
    rows = [
        {
            "path": str(one.path),
            "kind": one.kind.value,
            "source": one.source,
            "version": version_of(one),
            "chosen": one.path == chosen.path,
        }
        for one in found
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        mark = "→" if row["chosen"] else " "
        typer.echo(f"{mark} {row['path']}  {row['kind']}, {row['version']}, {row['source']}")


@app.command()
def install(
    data_dir: DataDir = None,
    as_json: AsJson = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Take the newest version, though its digest is not known to Tuntas.")
    ] = False,
) -> None:
    """Install a browser: from apt as root on Debian or Ubuntu, elsewhere a download into the user's cache.

    A download is the newest version whose digest Tuntas knows, and must have that digest.
    """
    from tuntas.browser.install import InstallOptions, install_browser

    del data_dir  # every command takes it; this one needs no data
    chosen = install_browser(lambda line: typer.echo(line, err=True), InstallOptions(unverified=unverified))
    typer.echo(json.dumps({"path": str(chosen.path)}) if as_json else f"Installed {chosen.path}")
