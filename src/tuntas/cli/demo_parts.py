"""What the demo is played with: two child processes, a webhook receiver, and the look at what is left."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil

from tuntas.cli.child import child_command
from tuntas.config import load
from tuntas.environment.waha import PREFIXES as WAHA_PREFIXES
from tuntas.foundation.identifiers import secret_token

START_SECONDS = 60.0
STOP_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.02


class DemoFailed(Exception):
    """A step of the demo did not happen; the message says which."""


class Part:
    """A running child process with an HTTP interface."""

    def __init__(self, process: subprocess.Popen[str], url: str, http: httpx.Client, key: str = "") -> None:
        """Speak with ``process`` at ``url``; ``key`` opens its API."""
        self.process = process
        self.url = url
        self.key = key
        self._http = http

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Make a request; an answer that is no success ends the demo."""
        answer = self._http.request(method, path, **options)
        if not answer.is_success:
            message = f"{method} {path} answered {answer.status_code}: {answer.text}"
            raise DemoFailed(message)
        return answer

    @staticmethod
    @contextmanager
    def sandbox(folder: Path) -> Iterator[Part]:
        """Run ``tuntas sandbox`` on any free port."""
        with (
            _child(["sandbox", "--port", "0"], {}, folder, "sandbox") as (process, url),
            httpx.Client(base_url=url, timeout=30, trust_env=False) as http,
        ):
            yield Part(process, url, http)

    @staticmethod
    @contextmanager
    def server(folder: Path, sandbox_url: str) -> Iterator[Part]:
        """Run ``tuntas serve`` on ``folder`` and any free port, with the sandbox as its WhatsApp."""
        key = secret_token()
        arguments = ["serve", "--port", "0", "--data-dir", str(folder)]
        settings = {"TUNTAS_WHATSAPP_URL": f"{sandbox_url}/", "TUNTAS_API_KEY": key}
        with (
            _child(arguments, settings, folder, "server") as (process, url),
            httpx.Client(base_url=url, headers={"X-Api-Key": key}, timeout=90, trust_env=False) as http,
        ):
            yield Part(process, url, http, key)


@contextmanager
def _child(
    arguments: list[str], more: dict[str, str], folder: Path, name: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            child_command(arguments),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Neither the variables nor the tuntas.toml of the real server: this one must not touch what is that one's.
            env=surroundings() | more,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for the demo; it ends its parts in order
        )
    try:
        yield process, _address(process, log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def surroundings() -> dict[str, str]:
    """Return this process's environment with no setting of a server in it but which browser to use, and how."""
    settings = load()
    foreign = ("TUNTAS_", *WAHA_PREFIXES)
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(foreign)}
    if settings.browser is not None:
        kept["TUNTAS_BROWSER"] = str(settings.browser.expanduser().absolute())
    return kept | {"TUNTAS_BROWSER_USER": settings.browser_user, "TUNTAS_BROWSER_PRESENCE": settings.browser_presence}


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Return the address that a part prints when it answers."""
    assert process.stdout is not None
    stuck = threading.Timer(START_SECONDS, process.kill)
    stuck.start()
    try:
        line = process.stdout.readline()
    finally:
        stuck.cancel()
    address = next((word.rstrip(".") for word in line.split() if word.startswith("http://")), None)
    if address is None:
        last = log.read_text().strip().splitlines()[-1:] or ["it said nothing"]
        message = f"a part did not start: {last[0]}"
        raise DemoFailed(message)
    return address


class DemoReceiver:
    """A webhook receiver on loopback; collects the events that arrive."""

    def __init__(self) -> None:
        """Listen on any free port."""
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.count = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.count += 1
                receiver.events.put(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/events"
        self._thread = threading.Thread(target=self._server.serve_forever, name="webhook receiver")

    def __enter__(self) -> DemoReceiver:
        """Start to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for(self, name: str, limit_seconds: float, **payload: Any) -> dict[str, Any]:
        """Return the next event of this name whose payload has these values; others are passed over."""
        deadline = time.monotonic() + limit_seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self.events.get(timeout=left)
            except queue.Empty:
                break
            if event["event"] == name and all(event["payload"].get(key) == value for key, value in payload.items()):
                return event
        message = f"no webhook {name} with {payload} came within {limit_seconds:g} s"
        raise DemoFailed(message)


def left_processes(folder: Path) -> list[str]:
    """Return the processes that name ``folder`` in their command line, from the process table; ourselves apart."""
    ours = {psutil.Process().pid} | {parent.pid for parent in psutil.Process().parents()}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in ours and str(folder) in " ".join(process.cmdline()):
                found.append(f"process {process.pid} {process.name()}")
        except psutil.Error:
            continue
    return found


def left_folders(profiles: Path) -> list[str]:
    """Return what lies in the profiles folder and its trash, from the disk."""
    trash = profiles / ".trash"
    entries = [entry for entry in (profiles, trash) if entry.is_dir() for entry in entry.iterdir()]
    return [f"folder {entry}" for entry in entries if entry != trash]
