"""The installed command as a user runs it: a sandbox and a server as child processes, spoken to over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

KEY = "test-key-of-enough-characters"
TUNTAS = [sys.executable, "-m", "tuntas"]
WAIT_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.02

Value = TypeVar("Value")


def wait_for(look: Callable[[], Value], *, what: str, limit_seconds: float = WAIT_SECONDS) -> Value:
    """Return the first truthy value of ``look``; fail with ``what`` when the limit has passed."""
    deadline = time.monotonic() + limit_seconds
    while True:
        if value := look():
            return value
        if time.monotonic() > deadline:
            message = f"not within {limit_seconds:g} s: {what}"
            raise AssertionError(message)
        time.sleep(LOOK_EVERY_SECONDS)


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without anybody's Tuntas settings, and with ``more``."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TUNTAS_")} | more


def run(*arguments: str, timeout_seconds: float = 60.0, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*TUNTAS, *arguments],
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )


class Child:
    """A child process that prints its address when it answers."""

    through: Sequence[str] = ()
    """A command that runs the child, such as ``nsenter``."""

    def __init__(self, arguments: list[str], log: Path, **more: str) -> None:
        self.log = log
        command = [*self.through, *TUNTAS, *arguments]
        with log.open("a") as errors:
            self.process = subprocess.Popen(
                command, env=environment(**more), stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self.url = self._address()

    def _address(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip(".")
        self.process.wait(WAIT_SECONDS)
        self.process.stdout.close()
        message = f"no address in {line!r}; log:\n{self.log.read_text()}"
        raise AssertionError(message)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        code = self.process.wait(WAIT_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


class Sandbox(Child):
    """A sandbox with its phones."""

    def __init__(self, folder: Path, *more: str) -> None:
        super().__init__(["sandbox", "--port", "0", *more], folder / "sandbox.log")
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def call(self, method: str, path: str, document: Any = None) -> Any:
        answer = self.http.request(method, f"/_sandbox{path}", json=document)
        assert answer.is_success, answer.text
        return answer.json()

    def phone(self, number: str, name: str = "Somebody") -> str:
        self.call("POST", "/phones", {"number": number, "name": name})
        return number

    def scan(self, number: str, qr: str) -> None:
        self.call("POST", f"/phones/{number}/scan", {"qr": qr})

    def texts(self, number: str) -> list[str]:
        return [message["text"] for message in self.call("GET", f"/phones/{number}/messages")]

    def fault(self, kind: str, **more: Any) -> None:
        self.call("POST", "/faults", {"kind": kind, **more})


class Server(Child):
    """A server and a client of its API."""

    def __init__(self, data_dir: Path, whatsapp_url: str, port: int = 0, /, **more: str) -> None:
        self.data_dir = data_dir
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(
            ["serve", "--port", str(port), "--data-dir", str(data_dir)],
            data_dir.parent / f"{data_dir.name}.log",
            **{"TUNTAS_WHATSAPP_URL": f"{whatsapp_url}/", "TUNTAS_API_KEY": KEY} | more,
        )
        self.http = httpx.Client(base_url=self.url, headers={"X-Api-Key": KEY}, timeout=90, trust_env=False)

    def create(self, name: str, **more: Any) -> dict[str, Any]:
        answer = self.http.post("/api/sessions", json={"name": name} | more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def session(self, name: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/sessions/{name}")
        assert answer.is_success, answer.text
        return dict(answer.json())

    def status(self, name: str) -> str:
        return str(self.session(name)["status"])

    def wait_status(self, name: str, *wanted: str, limit_seconds: float = WAIT_SECONDS) -> str:
        def look() -> str | None:
            status = self.status(name)
            return status if status in wanted else None

        return str(wait_for(look, what=f"{name} {' or '.join(wanted)}", limit_seconds=limit_seconds))

    def qr(self, name: str) -> str:
        self.wait_status(name, "SCAN_QR_CODE")
        return str(self.http.get(f"/api/{name}/auth/qr", params={"format": "raw"}).json()["value"])

    def pair(self, sandbox: Sandbox, name: str, number: str, **more: Any) -> None:
        """Create a session and let a phone scan its QR, until it is WORKING."""
        sandbox.phone(number)
        self.create(name, **more)
        sandbox.scan(number, self.qr(name))
        self.wait_status(name, "WORKING")

    def send(self, name: str, to: str, text: str) -> httpx.Response:
        return self.http.post("/api/sendText", json={"session": name, "chatId": to, "text": text, "linkPreview": False})

    def story(self, name: str) -> list[str]:
        return [change["reason"] for change in self.http.get(f"/api/sessions/{name}/history").json()]

    @property
    def profiles(self) -> Path:
        return self.data_dir / "profiles"

    def folders(self) -> list[str]:
        """Return the profile folders, the trash apart."""
        return sorted(entry.name for entry in self.profiles.iterdir() if entry.name != ".trash")

    def wait_trash_empty(self) -> None:
        wait_for(lambda: not list((self.profiles / ".trash").iterdir()), what="the trash is empty")


def browsers_of(data_dir: Path) -> list[int]:
    """Return the pids whose command line names a profile of ``data_dir``; zombies have no command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(f"--user-data-dir={data_dir}" in argument for argument in process.cmdline()):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def tree_of(data_dir: Path) -> list[psutil.Process]:
    """Return every process of the browsers of ``data_dir``, helpers included, found by their process groups."""
    mains = browsers_of(data_dir)
    groups = set()
    for pid in mains:
        try:
            groups.add(os.getpgid(pid))
        except ProcessLookupError:
            continue
    tree = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) in groups and process.status() != psutil.STATUS_ZOMBIE:
                tree.append(process)
        except (psutil.Error, ProcessLookupError):
            continue
    return tree


def alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run; a zombie does not."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it ended between two looks
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill_all(processes: Iterable[psutil.Process]) -> None:
    """Kill those that still run; a browser's helpers end by themselves once its main process is dead."""
    for process in alive(processes):
        with suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def running(child: Child) -> Iterator[None]:
    """End ``child`` whatever happens, and close its client."""
    try:
        yield
    finally:
        if child.process.poll() is None:
            child.process.terminate()
            try:
                child.process.wait(WAIT_SECONDS)
            finally:
                child.process.kill()
                child.process.wait()
        assert child.process.stdout is not None
        child.process.stdout.close()
        http = getattr(child, "http", None)
        if http is not None:
            http.close()
