"""Tuntas as a contestant: ``tuntas serve`` with its defaults, over its HTTP API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.peers.contestant import STEP_SECONDS, InAStack
from bench.peers.figures import TUNTAS
from support.running import Sandbox, Server, running


class Tuntas(InAStack):
    """One server on one data folder."""

    name = TUNTAS

    def __init__(self, folder: Path, sandbox: Sandbox, browser: Path, **settings: str) -> None:
        """Prepare to run in ``folder``; ``settings`` beside the defaults are the caller's to state."""
        super().__init__()
        self._folder = folder
        self._sandbox = sandbox
        self._settings = {"TUNTAS_BROWSER": str(browser)} | settings
        self.config: dict[str, Any] = {}
        """The configuration of sessions to come."""
        self.api: Server

    def _open(self, stack: ExitStack) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.api = Server(self._folder / "data", self._sandbox.url, **self._settings)
        stack.enter_context(running(self.api))

    @property
    def server(self) -> psutil.Process:
        return psutil.Process(self.api.process.pid)

    @property
    def folders(self) -> Path:
        return self.api.profiles

    def start(self, session: str) -> None:
        if self.api.http.get(f"/api/sessions/{session}").status_code == 404:
            self.api.create(session, config=self.config)
        else:
            self._post(session, "start")

    def qr_at(self, session: str) -> tuple[str, float]:
        with self._said(session) as said:
            for event, document, at in said:
                if event == "qr":
                    return str(document["value"]), at
        raise _ended(session)

    def ready_at(self, session: str) -> float:
        with self._said(session) as said:
            for event, document, at in said:
                if event == "status" and document["status"] == "WORKING":
                    return at
                if event == "status" and document["status"] == "FAILED":
                    break
        raise _ended(session, *self.api.story(session))

    def stop(self, session: str) -> None:
        self._post(session, "stop")

    def log_out(self, session: str) -> None:
        self._post(session, "logout")

    def delete(self, session: str) -> None:
        answer = self.api.http.delete(f"/api/sessions/{session}")
        assert answer.status_code == 200, answer.text

    def delete_all(self) -> None:
        """Delete every session by one request."""
        answer = self.api.http.post("/api/sessions/terminate", json={"which": "all"})
        assert answer.status_code == 200, answer.text

    def profile(self, session: str) -> Path:
        return self.folders / session

    def _post(self, session: str, what: str) -> None:
        self.api.http.post(f"/api/sessions/{session}/{what}").raise_for_status()

    @contextmanager
    def _said(self, session: str) -> Iterator[Iterator[tuple[str, dict[str, str], float]]]:
        """Follow what the server says of a session's status and QR; what holds now comes first."""
        address = f"/api/{session}/auth/qr/live"
        with self.api.http.stream("GET", address, timeout=STEP_SECONDS) as answer:
            yield _events(answer.iter_lines())


def _ended(session: str, *story: str) -> AssertionError:
    return AssertionError(f"what {session} was asked for did not come; its story: {', '.join(story) or '-'}")


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, str], float]]:
    begun = time.monotonic()
    event = ""
    for line in lines:
        now = time.monotonic()
        assert now - begun < STEP_SECONDS, "what was waited for did not come"
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, json.loads(line.removeprefix("data: ")), now
