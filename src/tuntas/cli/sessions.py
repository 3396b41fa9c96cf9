"""``tuntas sessions``: what the API does with sessions, from the terminal."""

from __future__ import annotations

import json
from contextlib import nullcontext
from http import HTTPStatus
from typing import Annotated, Any

import typer

from tuntas.cli import qr, watch
from tuntas.cli.client import connect
from tuntas.cli.completion import session_names
from tuntas.cli.options import AsJson, DataDir, Search, SessionName, Statuses, session_name
from tuntas.cli.tables import console_for_tables

app = typer.Typer(no_args_is_help=True, help="Create, look at, start, stop and delete sessions of a running server.")


@app.command("list")
def listing(status: Statuses = None, search: Search = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List all sessions, stopped ones too."""
    with connect(data_dir) as client:
        everyone = client.get("/api/sessions", all=True)
    sessions = watch.chosen(everyone, status, search)
    if as_json:
        typer.echo(json.dumps(sessions))
    elif sessions:
        console_for_tables().print(watch.table(sessions))
    elif everyone:
        typer.echo(f"None of {len(everyone)} sessions fits.")
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
def show(name: SessionName, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show one session and its story."""
    with connect(data_dir) as client:
        session = client.get(f"/api/sessions/{name}")
        story = client.get(f"/api/sessions/{name}/history", limit=20)
    if as_json:
        typer.echo(json.dumps(session | {"history": story}))
        return
    _print(session, as_json)
    if page := session.get("whatsappWeb"):
        typer.echo(f"  WhatsApp Web {page['version']}, WA-JS {page['waJs']}")
    if missing := (session.get("capabilities") or {}).get("missing"):
        typer.echo(f"  cannot do now: {', '.join(missing)}")
    for change in story:
        detail = f": {change['detail']}" if change["detail"] else ""
        when = change["at"][:19].replace("T", " ")
        typer.echo(
            f"  {when}  {change['before']} → {change['after']}  {change['reason']} ({change['askedBy']}){detail}"
        )


app.command("qr")(qr.qr)


@app.command()
def start(name: SessionName, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Start a session; one that runs is left as it is."""
    _act(name, "start", data_dir, as_json)


@app.command()
def stop(name: SessionName, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a session's browser and keep its keys; returns when no process is left."""
    _act(name, "stop", data_dir, as_json)


@app.command()
def restart(name: SessionName, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a session's browser and start another on the same profile."""
    _act(name, "restart", data_dir, as_json)


@app.command()
def logout(name: SessionName, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Unlink the device at WhatsApp and remove its keys; a session that ran shows a new QR."""
    _act(name, "logout", data_dir, as_json)


@app.command()
def delete(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="The session's name.", autocompletion=session_names, callback=session_name
        ),
    ] = None,
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
    from rich.console import Console

    busy = Console(stderr=True).status(
        f"Deleting {what}: log out, close the browser, prove it gone, move its files away"
    )
    with connect(data_dir) as client, busy if not as_json else nullcontext():
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


app.command("watch")(watch.watch)


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
