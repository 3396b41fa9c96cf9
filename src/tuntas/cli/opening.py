"""``tuntas open``: into the dashboard without typing a key, on this machine or on a phone."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tuntas.cli.client import Client, connect
from tuntas.cli.keys import id_of
from tuntas.cli.options import AsJson, DataDir

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def open_(
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="The id or name of the key that it signs in with. Default: the oldest that is good for everything.",
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in this machine's browser, where there is one.")
    ] = True,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print a link that signs in to the dashboard once, within ten minutes, and open it.

    With TUNTAS_PUBLIC_URL set it is drawn as a QR too, for the camera of a phone. Whoever has the link gets in: send it
    to nobody else. Revoking the key ends what it has opened.
    """
    with connect(data_dir) as client:
        stands_for = _oldest_for_everything(client) if key is None else id_of(client, key)
        made = client.post("/api/keys/sign-in-link", {"key": stands_for})
    if as_json:
        typer.echo(json.dumps(made))
        return
    typer.echo(made["url"])
    if urlsplit(made["url"]).hostname not in _LOOPBACK and sys.stdout.isatty():
        import segno

        segno.make(made["url"], error="l", micro=False).terminal(sys.stdout, compact=True, border=2)
    if browser and sys.stdout.isatty() and _has_a_display():
        import webbrowser

        webbrowser.open(made["url"])


def _oldest_for_everything(client: Client) -> str | None:
    """Return a key's id; None, for the terminal's own, where only the configured one is good for everything."""
    return next((str(one["id"]) for one in client.get("/api/keys") if "admin" in one["scopes"]), None)


def _has_a_display() -> bool:
    # Without one, programs for the terminal would be found, which take it over.
    return sys.platform in {"win32", "darwin"} or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
