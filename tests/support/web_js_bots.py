"""Bots on a real library, in a process of their own that we tell and hear line by line."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from support.running import alive, browsers_of, environment, kill_all, wait_for
from support.whatsapp_web_js import NODE, SOURCE, node_modules

WAIT_SECONDS = 60.0

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a client; ``at`` is the monotonic clock when it was read."""

    client: str
    event: str
    values: list[Any]
    at: float


class Bots:
    """A process with clients, none of them started yet."""

    def __init__(
        self,
        folder: Path,
        client_ids: Sequence[str],
        order: dict[str, Any],
        command: Sequence[str | Path],
        **more_environment: str,
    ) -> None:
        """Run ``command`` in ``folder``; it is told the ``order`` as its last argument."""
        folder.mkdir(parents=True, exist_ok=True)
        self.sessions = Path(order["dataPath"])
        self.node = subprocess.Popen(
            [*command, json.dumps({"clientIds": list(client_ids)} | order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment(**more_environment),
        )
        self.told: list[Told] = []
        self._first_client = client_ids[0]
        self._answers: dict[int, dict[str, Any]] = {}
        self._heard = threading.Condition()
        self._requests = 0
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="bots-reader")
        self._reader.start()

    def _read(self) -> None:
        assert self.node.stdout is not None
        for line in self.node.stdout:
            said = json.loads(line)
            with self._heard:
                if "request" in said:
                    self._answers[said["request"]] = said
                else:
                    self.told.append(Told(said["client"], said["event"], said["values"], time.monotonic()))
                self._heard.notify_all()
        with self._heard:
            self._ended = True
            self._heard.notify_all()

    def ask(self, code: str, client: str = "") -> int:
        """Let a client (the first by default) run ``code``; return the request's number for ``answer``."""
        assert self.node.stdin is not None
        self._requests += 1
        request = {"request": self._requests, "client": client or self._first_client, "code": code}
        self.node.stdin.write(json.dumps(request) + "\n")
        self.node.stdin.flush()
        return self._requests

    def answer(self, request: int, limit_seconds: float = WAIT_SECONDS) -> Any:
        """Return what the code of a request returned; an error of its fails the test."""
        said = self._wait(lambda: self._answers.get(request), f"an answer to request {request}", limit_seconds)
        assert "error" not in said, said["error"]
        return said["value"]

    def run(self, code: str, client: str = "", limit_seconds: float = WAIT_SECONDS) -> Any:
        """Let a client run ``code`` and return what it returned."""
        return self.answer(self.ask(code, client), limit_seconds)

    def hear(
        self,
        event: str,
        where: Callable[..., bool] = lambda *_values: True,
        *,
        client: str = "",
        after: int = 0,
        limit_seconds: float = WAIT_SECONDS,
    ) -> Told:
        """Return the first event of this name and kind since ``after``, waiting for it."""

        def look() -> Told | None:
            for one in self.told[after:]:
                if one.event == event and one.client == (client or self._first_client) and where(*one.values):
                    return one
            return None

        return self._wait(look, f"the event {event}", limit_seconds)

    def _wait(self, look: Callable[[], Value | None], what: str, limit_seconds: float) -> Value:
        deadline = time.monotonic() + limit_seconds
        with self._heard:
            while (found := look()) is None:
                left = deadline - time.monotonic()
                heard = [f"{one.client}: {one.event}" for one in self.told[-12:]]
                assert left > 0, f"not within {limit_seconds:g} s: {what}; the last ones heard: {heard}"
                assert not self._ended, f"the bots ended before {what}; their words are on standard error"
                self._heard.wait(left)
        return found

    def tree(self) -> list[psutil.Process]:
        """Return Node and all that it has started."""
        try:
            main = psutil.Process(self.node.pid)
            return [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def bots(folder: Path, *client_ids: str, puppeteer: dict[str, Any], **options: Any) -> AbstractContextManager[Bots]:
    """Run clients of whatsapp-web.js in ``folder``: sessions go to its ``.wwebjs_auth``, as they do by default.

    ``puppeteer`` is what it launches, ``options`` are further ones of each client.
    """
    order = {"dataPath": str(folder / ".wwebjs_auth"), "puppeteer": puppeteer, "options": options}
    profiles = [folder / ".wwebjs_auth" / f"session-{client_id}" for client_id in client_ids]
    return run_bots(node_bots(folder, client_ids, order, SOURCE, node_modules()), profiles)


def node_bots(folder: Path, client_ids: Sequence[str], order: dict[str, Any], source: Path, modules: Path) -> Bots:
    """Start ``source``'s ``bots.js`` in ``folder``, with what is in ``modules``."""
    more = {"NODE_PATH": str(modules), "NODE_DISABLE_COMPILE_CACHE": "1"}
    return Bots(folder, client_ids, order, [NODE, source / "bots.js"], **more)


@contextmanager
def run_bots(running: Bots, profiles: Sequence[Path]) -> Iterator[Bots]:
    """Let bots run; no process of theirs and no browser of these profiles is left when the block ends."""
    try:
        yield running
    finally:
        tree = running.tree()
        running.node.kill()
        running.node.communicate()
        kill_all(tree)
        # A helper that was forked after the look ends by itself once its browser is dead.
        wait_for(
            lambda: not alive(tree) and not any(browsers_of(profile) for profile in profiles),
            what="no process of the bots is left",
        )
