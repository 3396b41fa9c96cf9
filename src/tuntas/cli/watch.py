"""``tuntas sessions watch``: a table of all sessions that follows what happens."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from tuntas.cli.client import Client, connect
from tuntas.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

LOOK_EVERY_SECONDS = 1.0
# The memory of a process tree is dear to read.
WEIGH_EVERY_SECONDS = 10.0

# Problems first.
_PASSKEY = ("PASSKEY_REQUIRED", "PASSKEY_CONFIRMATION_REQUIRED")
_ORDER = ("FAILED", *_PASSKEY, "SCAN_QR_CODE", "STARTING", "WORKING", "STOPPED")
_STYLE = {"FAILED": "bold red", "SCAN_QR_CODE": "yellow", "STARTING": "cyan", "WORKING": "green", "STOPPED": "dim"}
_STYLE |= dict.fromkeys(_PASSKEY, "yellow")
_SIGN = {"FAILED": "✗", "SCAN_QR_CODE": "▣", "STARTING": "…", "WORKING": "✓", "STOPPED": "–"}
_SIGN |= dict.fromkeys(_PASSKEY, "⚿")


def watch(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show all sessions, problems first, and keep the table up to date until Ctrl-C.

    With --json, or where there is no terminal, each event of a session is a line instead.
    """
    from rich.console import Console
    from rich.live import Live

    console = Console()
    with connect(data_dir) as client:
        if as_json or not console.is_terminal:
            _tell(client, as_json=as_json)
            return
        with _interrupts() as interrupted, Live(console=console, auto_refresh=False, screen=True) as live:
            memory: dict[str, int] = {}
            weighed_at = float("-inf")
            while not interrupted.is_set():
                if time.monotonic() - weighed_at > WEIGH_EVERY_SECONDS:
                    memory = {one["session"]: one["memory_bytes"] for one in client.get("/api/browsers")}
                    weighed_at = time.monotonic()
                live.update(_screen(client.get("/api/sessions", all=True), memory), refresh=True)
                interrupted.wait(LOOK_EVERY_SECONDS)
        raise KeyboardInterrupt


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Remember that Ctrl-C was pressed: raised in the middle of a finalizer, Python only prints a KeyboardInterrupt."""
    pressed = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(client: Client, *, as_json: bool) -> None:
    with client.follow("/api/events?events=session.status") as events:
        for _, event in events:
            if as_json:
                typer.echo(json.dumps(event))
            else:
                payload = event["payload"]
                typer.echo(f"{_clock(event['timestamp'])}  {payload['name']}  {payload['status']}")


def _clock(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().strftime("%H:%M:%S")


def _screen(sessions: list[dict[str, Any]], memory: dict[str, int]) -> Group:
    from rich.console import Group
    from rich.text import Text

    if not sessions:
        return Group("No sessions yet. Create one: tuntas sessions create NAME")
    total = sum(memory.values())
    foot = Text(f"{len(sessions)} sessions, {total / 1e6:.0f} MB in browsers. Ctrl-C leaves.", style="dim")
    return Group(table(sessions, memory), Text(), foot)


def table(sessions: list[dict[str, Any]], memory: dict[str, int] | None = None) -> Table:
    """Draw sessions, problems first; with their browsers' memory where it is given."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table("name", "status", "why", "since", "account", box=None, header_style="bold")
    if memory is not None:
        drawn.add_column("memory", justify="right")
    now = datetime.now(UTC)
    for one in sorted(sessions, key=lambda one: (_ORDER.index(one["status"]), one["name"])):
        status = Text(f"{_SIGN[one['status']]} {one['status']}", style=_STYLE[one["status"]])
        since = age(now - datetime.fromisoformat(one["changedAt"]))
        row: list[str | Text] = [one["name"], status, one["reason"], since, (one["me"] or {}).get("id", "-")]
        if memory is not None:
            row.append(f"{memory[one['name']] / 1e6:.0f} MB" if one["name"] in memory else "-")
        drawn.add_row(*row)
    return drawn


def age(duration: Any) -> str:
    """Write a duration in its largest unit."""
    seconds = max(0, int(duration.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
