"""Backups under load, and what they cost.

``python -m bench.backup [--rounds N] [--sessions N] [--messages-per-second N] [--whole] [--json]``

Sessions run on a sandbox while messages come in and go out. In the midst of it a backup is made; the server is stopped,
the backup restored into another data folder, and a server started there, which is the one that the next round backs up.
Each round is judged: every session WORKING without a scan, the database sound and with all events that were told before
the backup began, each message that it has told known to the restored page. Told besides: sizes, pauses, seconds. Exits
1 if a round is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import Sandbox, Server, running  # noqa: E402

BACKUP_KEY = "correct horse battery staple"
# The newest of what was told, which the page must know; more than a chat's page of messages is another measurement.
LOOKED_AT = 50
CUSTOMER = "628220000000"


@dataclass
class Figures:
    """What all rounds have shown."""

    rounds: int = 0
    sessions_restored: int = 0
    working_without_a_scan: int = 0
    archive_bytes: list[int] = field(default_factory=list)
    pause_ms: list[float] = field(default_factory=list)
    create_seconds: list[float] = field(default_factory=list)
    restore_seconds: list[float] = field(default_factory=list)
    start_seconds: list[float] = field(default_factory=list)
    messages: int = 0
    broken: list[str] = field(default_factory=list)


class Traffic:
    """Messages that come in and go out until it is ended."""

    def __init__(self, server: Server, sandbox: Sandbox, names: Sequence[str], pace: float) -> None:
        """Describe it; nothing is sent yet."""
        self._server, self._sandbox, self._names, self._pace = server, sandbox, names, pace
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._send, name="traffic")
        self.sent = 0

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Send while the block lasts."""
        self._thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._thread.join()

    def wait_for(self, count: int) -> None:
        """Return when so many were sent."""
        while self.sent < count:
            if not self._thread.is_alive():
                message = "the traffic has ended with the error above"
                raise SystemExit(message)
            time.sleep(0.05)

    def _send(self) -> None:
        with (
            httpx.Client(base_url=self._sandbox.url, timeout=30, trust_env=False) as phones,
            httpx.Client(
                base_url=self._server.url, headers=self._server.http.headers, timeout=60, trust_env=False
            ) as api,
        ):
            while not self._is_over.wait(1 / self._pace):
                number = self.sent % len(self._names)
                text = f"message {time.time():.6f}"
                if self.sent % 3:
                    document = {"to": phone_of(number), "text": text}
                    phones.post(f"/_sandbox/phones/{CUSTOMER}/send", json=document).raise_for_status()
                else:
                    document = {"session": self._names[number], "chatId": CUSTOMER, "text": text}
                    api.post("/api/sendText", json=document).raise_for_status()
                self.sent += 1


def phone_of(number: int) -> str:
    """Return a session's phone."""
    return f"62811{number:07}"


def command(*arguments: str) -> Any:
    """Run ``tuntas backup`` and return what it says as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "tuntas", "backup", *arguments, "--json"],
        env=os.environ | {"TUNTAS_BACKUP_KEY": BACKUP_KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        message = f"tuntas backup {arguments[0]}: {done.stderr}"
        raise SystemExit(message)
    return json.loads(done.stdout)


def events_in(database: Path) -> int:
    """Return how many events were told."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def told_in(database: Path, session: str) -> set[str]:
    """Return the texts of the newest messages that were told of a session."""
    query = "SELECT body FROM events WHERE event = 'message.any' AND session = ? ORDER BY sequence DESC LIMIT ?"
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(query, (session, LOOKED_AT)).fetchall()
    return {json.loads(body)["payload"]["body"] for (body,) in rows}


def is_sound(database: Path) -> bool:
    """Say whether SQLite finds nothing wrong."""
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


class Rounds:
    """Rounds, one server's data folder after the other."""

    def __init__(self, folder: Path, sandbox: Sandbox, options: argparse.Namespace) -> None:
        """Begin with an empty data folder."""
        self._folder, self._sandbox, self._options = folder, sandbox, options
        self._names = [f"shop{number}" for number in range(options.sessions)]
        self._data = folder / "data0"
        self.figures = Figures()

    def run(self) -> None:
        """Link the sessions, then go from data folder to data folder."""
        self._sandbox.phone(CUSTOMER)
        server = self._server()
        with running(server):
            for number, name in enumerate(self._names):
                server.pair(self._sandbox, name, phone_of(number))
            self._back_up(server)
        for number in range(1, self._options.rounds + 1):
            before, self._data = self._data, self._folder / f"data{number}"
            self._restore()
            server = self._server()
            with running(server):
                self._judge(server, number)
                if number < self._options.rounds:
                    self._back_up(server)
            shutil.rmtree(before)

    def _server(self) -> Server:
        return Server(self._data, self._sandbox.url, 0, TUNTAS_SENDS_PER_MINUTE="0")

    def _back_up(self, server: Server) -> None:
        database, figures = self._data / "tuntas.db", self.figures
        traffic = Traffic(server, self._sandbox, self._names, self._options.messages_per_second)
        with traffic.flowing():
            traffic.wait_for(6 * len(self._names))  # under way, and not just begun
            self._told_before = events_in(database)
            begun = time.monotonic()
            extent = "whole" if self._options.whole else "minimal"
            archive = str(self._folder / "backup.tuntas")
            Path(archive).unlink(missing_ok=True)
            made = command("create", archive, "--profiles", extent, "--data-dir", str(self._data))
            figures.create_seconds.append(time.monotonic() - begun)
        figures.messages += traffic.sent
        figures.archive_bytes.append(made["bytes"])
        figures.pause_ms += [one["pause_ms"] for one in made["sessions"] if one["pause_ms"] is not None]
        server.stop()

    def _restore(self) -> None:
        begun = time.monotonic()
        command("restore", str(self._folder / "backup.tuntas"), "--data-dir", str(self._data))
        self.figures.restore_seconds.append(time.monotonic() - begun)

    def _judge(self, server: Server, number: int) -> None:
        figures, database = self.figures, self._data / "tuntas.db"
        begun = time.monotonic()
        figures.rounds += 1
        if events_in(database) < self._told_before:
            figures.broken.append(f"round {number}: events that were told are not in the database")
        for name in self._names:
            figures.sessions_restored += 1
            told = told_in(database, name)
            status = server.wait_status(name, "WORKING", "SCAN_QR_CODE", "FAILED", limit_seconds=90)
            if status != "WORKING" or server.story(name).count("qr_shown") > 1:
                figures.broken.append(f"round {number}: {name} is {status}: {server.story(name)[-5:]}")
                continue
            figures.working_without_a_scan += 1
            query = {"limit": 2 * LOOKED_AT}
            chat = server.http.get(f"/api/{name}/chats/{CUSTOMER}@c.us/messages", params=query).json()
            if missing := told - {one["body"] for one in chat}:
                figures.broken.append(f"round {number}: {name} has told what its page does not know: {sorted(missing)}")
        figures.start_seconds.append(time.monotonic() - begun)
        if not is_sound(database):
            figures.broken.append(f"round {number}: the database is not sound")


def table(figures: Figures) -> None:
    """Print what was found."""
    print(f"rounds {figures.rounds}, messages meanwhile {figures.messages}")
    print(f"sessions WORKING without a scan    {figures.working_without_a_scan} of {figures.sessions_restored}")
    rows = (
        ("size of a backup, KB", [size / 1e3 for size in figures.archive_bytes]),
        ("pause of a browser, ms", figures.pause_ms),
        ("backup create, s", figures.create_seconds),
        ("backup restore, s", figures.restore_seconds),
        ("server's start to all WORKING, s", figures.start_seconds),
    )
    for what, values in rows:
        print(f"{what:<34} median {statistics.median(values):8.2f}   most {max(values):8.2f}")


def main() -> None:
    """Print the figures; exit 1 if a round is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--messages-per-second", type=float, default=10.0)
    parser.add_argument("--whole", action="store_true", help="whole profiles")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tuntas-backup-") as scratch:
        sandbox = Sandbox(Path(scratch))
        with running(sandbox):
            rounds = Rounds(Path(scratch), sandbox, options)
            rounds.run()
    figures = rounds.figures
    if options.json:
        print(json.dumps(asdict(figures)))
    else:
        table(figures)
        for sentence in figures.broken:
            print(f"BROKEN {sentence}")
    sys.exit(1 if figures.broken else 0)


if __name__ == "__main__":
    main()
