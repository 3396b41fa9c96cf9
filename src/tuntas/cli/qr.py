"""``tuntas sessions qr``: the QR to scan, drawn in the terminal and renewed there until a phone has scanned it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tuntas.cli.client import Refused, connect
from tuntas.cli.options import AsJson, DataDir, SessionName

if TYPE_CHECKING:
    from rich.console import Console

# Before the QR is there, and after it was scanned. RECONNECTING and the like show as STARTING too.
_COMING, _SHOWN = "STARTING", "SCAN_QR_CODE"
_PASSKEY = {
    "PASSKEY_REQUIRED": "WhatsApp asks for the account's passkey: answer it on the dashboard, at session {name}.",
    "PASSKEY_CONFIRMATION_REQUIRED": "Compare the code with the phone's, on the dashboard at session {name}.",
}


def qr(
    name: SessionName,
    follow: Annotated[
        bool | None,
        typer.Option("--follow/--once", help="Draw each new QR until it is scanned. Default: on a terminal."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Draw the QR to scan with the phone: WhatsApp, Linked devices, Link a device.

    A QR is good for some seconds only; on a terminal each new one is drawn in the old one's place, until the session
    works. It waits for a session that is still starting. Exit code 1: the session shows no QR.
    """
    from rich.console import Console

    console = Console()
    follow = console.is_terminal and not as_json if follow is None else follow
    with connect(data_dir) as client, client.follow(f"/api/{name}/auth/qr/live") as events:
        has_shown, is_scanned = False, False
        for event, data in events:
            if event == "qr":
                _show(console, name, data["value"], as_json=as_json)
                has_shown = True
                if not follow:
                    return
            elif data["status"] in _PASSKEY:
                console.print(_PASSKEY[data["status"]].format(name=name))
                has_shown = True
            elif has_shown and data["status"] != _SHOWN:
                if data["status"] != _COMING or is_scanned:
                    console.print(f"Session {name}: {data['status']}")
                    raise typer.Exit(0 if data["status"] == "WORKING" else 1)
                console.print("Scanned. The account is loading…")
                is_scanned = True
            elif data["status"] not in (_COMING, _SHOWN):
                raise Refused(_why_not(name, data["status"]))
    message = f"Session {name} went away."
    raise Refused(message)


def _why_not(name: str, status: str) -> str:
    advice = "there is nothing to scan" if status == "WORKING" else f"start it first: tuntas sessions start {name}"
    return f"Session {name} shows no QR: its status is {status}; {advice}."


def _show(console: Console, name: str, value: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"value": value}))
        return
    if console.is_terminal:
        console.clear()
    import segno

    segno.make(value, error="l", micro=False).terminal(sys.stdout, compact=True, border=2)
    console.print(f"Scan it for session {name}: WhatsApp, Linked devices, Link a device. Ctrl-C leaves.")
