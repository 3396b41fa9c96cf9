"""``tuntas sessions watch``: a table of all sessions that follows what happens."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from tuntas.cli.client import Client, connect
from tuntas.cli.options import AsJson, DataDir, Search, Statuses
from tuntas.cli.tables import cut_to_fit

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

LOOK_EVERY_SECONDS = 1.0
# The memory of a process tree is dear to read.
WEIGH_EVERY_SECONDS = 10.0
# The table's own head, an empty line, and what all of it comes to.
_HEAD_AND_FOOT_LINES = 3

# Problems first.
_PASSKEY = ("PASSKEY_REQUIRED", "PASSKEY_CONFIRMATION_REQUIRED")
_ORDER = ("FAILED", *_PASSKEY, "SCAN_QR_CODE", "STARTING", "WORKING", "STOPPED")
_STYLE = {"FAILED": "bold red", "SCAN_QR_CODE": "yellow", "STARTING": "cyan", "WORKING": "green", "STOPPED": "dim"}
_STYLE |= dict.fromkeys(_PASSKEY, "yellow")
_SIGN = {"FAILED": "✗", "SCAN_QR_CODE": "▣", "STARTING": "…", "WORKING": "✓", "STOPPED": "–"}
_SIGN |= dict.fromkeys(_PASSKEY, "⚿")


def watch(status: Statuses = None, search: Search = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
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
                sessions = chosen(client.get("/api/sessions", all=True), status, search)
                live.update(_screen(sessions, memory, console.height), refresh=True)
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


def _screen(sessions: list[dict[str, Any]], memory: dict[str, int], height: int) -> Group:
    from rich.console import Group
    from rich.text import Text

    if not sessions:
        return Group("No session to show. Create one: tuntas sessions create NAME")
    total = sum(memory.values())
    foot = Text(f"{len(sessions)} sessions, {total / 1e6:.0f} MB in browsers. Ctrl-C leaves.", style="dim")
    ordered = _in_order(sessions)
    room = max(1, height - _HEAD_AND_FOOT_LINES)
    if len(ordered) <= room:
        return Group(table(ordered, memory), Text(), foot)
    room = max(1, room - 1)
    return Group(table(ordered[:room], memory), Text(_said_of_rest(ordered[room:]), style="dim"), Text(), foot)


def _said_of_rest(sessions: list[dict[str, Any]]) -> str:
    counts = Counter(one["status"] for one in sessions)
    said = ", ".join(f"{counts[status]} {status}" for status in _ORDER if counts[status])
    return f"… and {len(sessions)} more: {said}. --status and --search show fewer."


def _in_order(sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(sessions, key=lambda one: (_ORDER.index(one["status"]), one["name"]))


def chosen(sessions: list[dict[str, Any]], statuses: list[str] | None, search: str) -> list[dict[str, Any]]:
    """Return the sessions with one of ``statuses`` (None: any) and ``search`` in name, account's name or number."""
    from tuntas.dashboard.search import is_meant

    wanted = {one.upper() for one in statuses or ()}
    found = []
    for one in sessions:
        me = one["me"] or {}
        texts = (one["name"], me.get("pushName") or "")
        if (not wanted or one["status"] in wanted) and is_meant(search, texts, me.get("id", "").partition("@")[0]):
            found.append(one)
    return found


def table(sessions: list[dict[str, Any]], memory: dict[str, int] | None = None) -> Table:
    """Draw sessions, problems first; with their browsers' memory where it is given."""
    from rich.table import Column, Table
    from rich.text import Text

    status_column, since_column = Column("status", no_wrap=True), Column("since", no_wrap=True)
    drawn = Table("name", status_column, "why", since_column, "account", box=None, header_style="bold")
    if memory is not None:
        drawn.add_column("memory", justify="right", no_wrap=True)
    now = datetime.now(UTC)
    for one in _in_order(sessions):
        status = Text(f"{_SIGN[one['status']]} {one['status']}", style=_STYLE[one["status"]])
        since = age(now - datetime.fromisoformat(one["changedAt"]))
        account = (one["me"] or {}).get("id", "-")
        row: list[str | Text] = [
            cut_to_fit(one["name"]),
            status,
            cut_to_fit(one["reason"]),
            since,
            cut_to_fit(account),
        ]
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
