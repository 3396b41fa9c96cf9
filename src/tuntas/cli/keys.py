"""``tuntas keys``: make, list and revoke the keys that clients send as X-Api-Key."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from tuntas.cli.client import Client, Refused, connect
from tuntas.cli.options import AsJson, DataDir
from tuntas.sessions.access import Scope

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys of a running server.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="For people: who or what will have it.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(
            "--scope",
            help="read: look; ask: send what a person approves; send: act in WhatsApp; control: a session's life; "
            "admin: all. May be repeated.",
        ),
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option("--session", metavar="SESSION", help="Only this session; may be repeated. Default: all."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it: this is the only time. Without --scope it can read and send.

    A key for a bot that serves one session: tuntas keys create bot --scope read --scope send --session shop
    """
    scopes = sorted(set(scope or [Scope.READ, Scope.SEND]))
    document = {"name": name, "scopes": scopes, "sessions": sorted(set(session)) if session else None}
    with connect(data_dir) as client:
        made = client.post("/api/keys", document)
    if as_json:
        typer.echo(json.dumps(made))
        return
    typer.echo(f"Key {made['name']} ({made['id']}), good for {_good_for(made)}:\n\n  {made['key']}\n")
    typer.echo("Send it as X-Api-Key. It is not stored and cannot be shown again.")


@app.command("list")
def listing(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the keys with what they are good for and when they were last used."""
    with connect(data_dir) as client:
        found = client.get("/api/keys")
    if as_json:
        typer.echo(json.dumps(found))
    elif found:
        from rich.console import Console
        from rich.table import Table

        table = Table("id", "name", "good for", "made", "last used", box=None)
        for key in found:
            table.add_row(key["id"], key["name"], _good_for(key), _when(key["createdAt"]), _when(key["lastUsedAt"]))
        Console().print(table)
    else:
        typer.echo("No keys yet. Make one: tuntas keys create NAME")


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, or its name if only one key has it.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key worthless at once."""
    with connect(data_dir) as client:
        key_id = id_of(client, key)
        client.delete(f"/api/keys/{key_id}")
    typer.echo(json.dumps({"revoked": key_id}) if as_json else f"Key {key} is revoked.")


def id_of(client: Client, wanted: str) -> str:
    """Return the id of the key that is meant. Raises Refused when it cannot be told."""
    found = client.get("/api/keys")
    ids = [one["id"] for one in found if wanted == one["id"]] or [one["id"] for one in found if wanted == one["name"]]
    if len(ids) == 1:
        return str(ids[0])
    if ids:
        message = f"{len(ids)} keys are called {wanted}; revoke one by its id: {', '.join(ids)}"
        raise Refused(message)
    message = f"There is no key {wanted}. See them: tuntas keys list"
    raise Refused(message)


def _good_for(key: dict[str, Any]) -> str:
    sessions = "" if key["sessions"] is None else f" on {', '.join(key['sessions'])}"
    return f"{', '.join(key['scopes'])}{sessions}"


def _when(moment: str | None) -> str:
    return "never" if moment is None else moment[:16].replace("T", " ")
