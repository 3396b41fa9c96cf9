"""``tuntas`` alone: where things stand on this data folder, and the one command to run next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from tuntas.cli.client import Refused, ServerUnreachable, connect

_TRY = [("tuntas demo", "see a session's whole life, with no phone"), ("tuntas --help", "all commands")]


def first_steps(data_dir: Path | None = None) -> None:
    """Say where things stand and what to do first."""
    from tuntas.browser import candidates
    from tuntas.config import load

    settings = load(data_dir=data_dir)
    typer.echo("Tuntas runs WhatsApp Web sessions, each in a real Chromium, through their whole life.\n")
    if not candidates(settings.browser):
        _say("There is no browser yet.", [("tuntas browser install", "get one"), *_TRY])
        return
    try:
        with connect(data_dir) as client:
            sessions = client.get("/api/sessions", all=True)
    except ServerUnreachable:
        _say(f"No server runs on {settings.data_dir}.", [("tuntas serve", "start one"), *_TRY])
        return
    except Refused as error:
        _say(f"The server says: {error}", [("tuntas doctor", "find out why"), *_TRY])
        return
    if not sessions:
        steps = [("tuntas sessions create shop", "make one; then: tuntas sessions qr shop"), _TRY[1]]
        _say("The server runs. There are no sessions yet.", steps)
        return
    counts = Counter(one["status"] for one in sessions)
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    _say(
        f"The server runs. Sessions: {told}.", [*_next_for(sessions), ("tuntas sessions watch", "watch them"), _TRY[1]]
    )


def _next_for(sessions: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in sessions:
        if one["status"] == "SCAN_QR_CODE":
            yield f"tuntas sessions qr {one['name']}", "scan it with the phone"
        elif one["status"] == "FAILED":
            yield f"tuntas sessions show {one['name']}", f"it gave up: {one['reason']}"


def _say(standing: str, steps: list[tuple[str, str]]) -> None:
    typer.echo(f"{standing}\n")
    width = max(len(command) for command, _ in steps)
    for command, purpose in steps:
        typer.echo(f"  {command.ljust(width)}   {purpose}")
