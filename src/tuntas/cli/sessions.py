"""``tuntas sessions``: what the API does with sessions, from the terminal."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import Annotated, Any

import segno
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from tuntas.cli.client import Client, Refused, connect
from tuntas.cli.options import AsJson, DataDir

app = typer.Typer(no_args_is_help=True, help="Create, look at, start, stop and delete sessions of a running server.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The session's name.")]

LOOK_EVERY_SECONDS = 1.0
QR_WAIT_SECONDS = 60.0


@app.command("list")
def listing(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List all sessions, stopped ones too."""
    with connect(data_dir) as client:
        sessions = client.get("/api/sessions", all=True)
    if as_json:
        typer.echo(json.dumps(sessions))
    elif sessions:
        Console().print(_table(sessions))
    else:
        typer.echo("No sessions yet. Create one: tuntas sessions create NAME")


@app.command()
def create(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Letters, digits, _ and -. Default: made.")
    ] = None,
    start: Annotated[bool, typer.Option(help="Start it at once.")] = True,
    webhook: Annotated[
        list[str] | None, typer.Option("--webhook", metavar="URL", help="Send all events there; may be repeated.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Create a session and start it. Then scan its QR: tuntas sessions qr NAME."""
    document: dict[str, Any] = {"start": start}
    if name is not None:
        document["name"] = name
    if webhook:
        document["config"] = {"webhooks": [{"url": url, "events": ["*"]} for url in webhook]}
    with connect(data_dir) as client:
        _print(client.post("/api/sessions", document), as_json)


@app.command()
def show(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show one session and its story."""
    with connect(data_dir) as client:
        session = client.get(f"/api/sessions/{name}")
        story = client.get(f"/api/sessions/{name}/history", limit=20)
    if as_json:
        typer.echo(json.dumps(session | {"history": story}))
        return
    _print(session, as_json)
    for change in story:
        detail = f": {change['detail']}" if change["detail"] else ""
        when = change["at"][:19].replace("T", " ")
        typer.echo(
            f"  {when}  {change['before']} → {change['after']}  {change['reason']} ({change['askedBy']}){detail}"
        )


@app.command()
def qr(
    name: Name,
    follow: Annotated[bool, typer.Option("--follow", help="Draw each new QR until it is scanned.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Draw the QR to scan with the phone: WhatsApp, Linked devices, Link a device."""
    with connect(data_dir) as client:
        value = _wait_for_qr(client, name)
        if as_json:
            typer.echo(json.dumps({"value": value}))
            return
        _draw_qr(value)
        while follow:
            time.sleep(LOOK_EVERY_SECONDS)
            status = client.get(f"/api/sessions/{name}")["status"]
            if status != "SCAN_QR_CODE":
                typer.echo(f"Session {name}: {status}")
                return
            if (fresh := _current_qr(client, name)) not in (None, value):
                value = str(fresh)
                _draw_qr(value)


@app.command()
def start(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Start a session; one that runs is left as it is."""
    _act(name, "start", data_dir, as_json)


@app.command()
def stop(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a session's browser and keep its keys; returns when no process is left."""
    _act(name, "stop", data_dir, as_json)


@app.command()
def restart(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a session's browser and start another on the same profile."""
    _act(name, "restart", data_dir, as_json)


@app.command()
def logout(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Unlink the device at WhatsApp and remove its keys; a session that ran shows a new QR."""
    _act(name, "logout", data_dir, as_json)


@app.command()
def delete(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The session's name.")] = None,
    unlinked: Annotated[bool, typer.Option("--unlinked", help="All that no account is linked to.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All sessions.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Log out, end the browser, remove the profile, forget the session. Exit code 1: something still holds files."""
    if [name is not None, unlinked, everything].count(True) != 1:
        message = "Name one session, or say --unlinked or --all."
        raise typer.BadParameter(message)
    what = f"session {name}" if name else "ALL sessions" if everything else "all sessions without an account"
    if not yes and not as_json:
        typer.confirm(f"Delete {what}, with keys and webhooks' configuration?", abort=True)
    with connect(data_dir) as client:
        if name is not None:
            answer = client.delete(f"/api/sessions/{name}")
        else:
            answer = client.request(
                "POST", "/api/sessions/terminate", json={"which": "all" if everything else "unlinked"}
            )
    document = answer.json()
    if as_json:
        typer.echo(json.dumps(document))
    else:
        _print_deletions([document] if name is not None else document)
    if answer.status_code != HTTPStatus.OK:
        raise typer.Exit(1)


@app.command()
def watch(data_dir: DataDir = None) -> None:
    """Show all sessions and keep the table up to date until Ctrl-C."""
    with connect(data_dir) as client, Live(auto_refresh=False) as live:
        while True:
            live.update(_table(client.get("/api/sessions", all=True)), refresh=True)
            time.sleep(LOOK_EVERY_SECONDS)


def _act(name: str, verb: str, data_dir: Any, as_json: bool) -> None:
    with connect(data_dir) as client:
        _print(client.post(f"/api/sessions/{name}/{verb}"), as_json)


def _print(session: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(session))
        return
    account = f", linked to {session['me']['id']}" if session["me"] else ""
    typer.echo(f"Session {session['name']}: {session['status']} ({session['reason']}){account}")


def _print_deletions(documents: list[dict[str, Any]]) -> None:
    if not documents:
        typer.echo("There is no such session.")
    for document in documents:
        typer.echo(document["message"])
        if (removal := document["removal"]) and removal["message"]:
            typer.echo(removal["message"], err=True)


def _table(sessions: list[dict[str, Any]]) -> Table:
    table = Table("name", "status", "reason", "account", box=None)
    for one in sessions:
        table.add_row(one["name"], one["status"], one["reason"], (one["me"] or {}).get("id", "-"))
    return table


def _current_qr(client: Client, name: str) -> str | None:
    try:
        return str(client.get(f"/api/{name}/auth/qr", format="raw")["value"])
    except Refused:
        return None  # scanned or stopped meanwhile


def _wait_for_qr(client: Client, name: str) -> str:
    deadline = time.monotonic() + QR_WAIT_SECONDS
    while True:
        session = client.get(f"/api/sessions/{name}")
        if (value := _current_qr(client, name)) is not None:
            return value
        if session["status"] != "STARTING" or time.monotonic() > deadline:
            advice = "start it first" if session["status"] in ("STOPPED", "FAILED") else "there is nothing to scan"
            message = f"Session {name} shows no QR: its status is {session['status']}; {advice}."
            raise Refused(message)
        time.sleep(0.2)


def _draw_qr(value: str) -> None:
    segno.make(value, error="l", micro=False).terminal(compact=True, border=2)
