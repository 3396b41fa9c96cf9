"""The processes of a run: a sandbox, the front before it, a good receiver, hostile ones, the server under attack."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.attack.front import Front
from bench.attack.wire import Place
from support import hostile
from support.running import Sandbox, Server, running, tree_of

ROOT = Path(__file__).parents[2]
ADMIN_KEY = "key-of-the-administrator-of-this-run"
VICTIM, PARTNER = "628180000001", "628180000002"
EVIL = ("evil-0", "evil-1")
PAGE = "evil-page"
SHUTDOWN_SECONDS = 10
# Sessions, then answers under way, then the processes that are ended by force.
STOP_LIMIT_SECONDS = SHUTDOWN_SECONDS + 5 + 5

SETTINGS = {
    "TUNTAS_API_KEY": ADMIN_KEY,
    "TUNTAS_SHUTDOWN_TIMEOUT_SECONDS": str(SHUTDOWN_SECONDS),
    "TUNTAS_LOGOUT_TIMEOUT_SECONDS": "3",
    "TUNTAS_CLOSE_TIMEOUT_SECONDS": "2",
    "TUNTAS_CALL_TIMEOUT_SECONDS": "5",
    "TUNTAS_WEBHOOK_TIMEOUT_SECONDS": "2",
    # Who has a key may make the server hold a file of this size: more than a body's limit is what is looked for.
    "TUNTAS_MEDIA_MAX_BYTES": str(8 * 1024 * 1024),
    "TUNTAS_START_TIMEOUT_SECONDS": "10",
    "TUNTAS_NAVIGATION_TIMEOUT_SECONDS": "10",
}
ANSWERS = (
    hostile.drips_its_body,
    hostile.drips_its_head,
    hostile.says_continue_for_ever,
    hostile.says_nothing,
    hostile.sends_without_end,
    hostile.sends_a_gzip_bomb,
    hostile.sends_a_head_without_end,
    hostile.resets,
    hostile.speaks_no_http,
    hostile.switches_protocols,
)


@dataclass(frozen=True, slots=True)
class Target:
    """What an attack may know. ``key``: good for the evil sessions only. ``operations``: of the OpenAPI document."""

    place: Place
    key: str
    read_key: str
    document: dict[str, Any]
    receivers: tuple[str, ...]
    data_dir: Path
    scratch: Path
    front: Front


class World:
    """Everything, from ``open`` to ``close``; the server alone may be stopped before."""

    def __init__(self, folder: Path) -> None:
        """Work in ``folder``."""
        self._folder = folder
        self._ends = ExitStack()
        self.data_dir = folder / "data"

    def open(self) -> Target:
        """Start everything, link the victim, make the evil sessions and their keys."""
        self.sandbox = Sandbox(self._folder)
        self._ends.enter_context(running(self.sandbox))
        front = Front(self.sandbox.url)
        front.open()
        self._ends.callback(front.close)
        self._receiver = subprocess.Popen(
            [sys.executable, str(ROOT / "bench" / "outbox_receiver.py"), "0", "1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ends.callback(self._end_receiver)
        assert self._receiver.stdout is not None
        self._receiver_url = f"http://127.0.0.1:{int(self._receiver.stdout.readline())}/"
        receivers = tuple(self._ends.enter_context(hostile.hostile(answer)).url for answer in ANSWERS)
        self.server = Server(self.data_dir, front.url, **SETTINGS)
        self._ends.enter_context(running(self.server))
        self.server.http.headers["X-Api-Key"] = ADMIN_KEY
        config = {"webhooks": [{"url": self._receiver_url, "events": ["message"]}]}
        self.server.pair(self.sandbox, "victim", VICTIM, config=config)
        self.sandbox.phone(PARTNER)
        for name in (*EVIL, PAGE):
            self.server.create(name, start=False)
        keys = [self._key(["read", "send", "control"]), self._key(["read"])]
        document = self.server.http.get("/openapi.json").json()
        url = httpx.URL(self.server.url)
        scratch = self._folder / "scratch"
        scratch.mkdir()
        place = Place(url.host, int(url.port or 0))
        return Target(place, keys[0], keys[1], document, receivers, self.data_dir, scratch, front)

    def close(self) -> None:
        """End everything."""
        self._ends.close()

    def delivered(self) -> list[str]:
        """Return the texts of the victim's messages as its receiver got them, in order, doubles left out."""
        with urllib.request.urlopen(self._receiver_url, timeout=10) as answer:
            seen = json.load(answer)
        return list({event: body for event, _, body, _ in seen}.values())

    def left(self) -> list[str]:
        """Return the processes of the server's browsers that still run."""
        return [f"{one.name()} ({one.pid})" for one in tree_of(self.data_dir)]

    def _key(self, scopes: list[str]) -> str:
        body = {"name": "evil", "scopes": scopes, "sessions": [*EVIL, PAGE]}
        answer = self.server.http.post("/api/keys", json=body)
        answer.raise_for_status()
        return str(answer.json()["key"])

    def _end_receiver(self) -> None:
        self._receiver.communicate(timeout=10)
