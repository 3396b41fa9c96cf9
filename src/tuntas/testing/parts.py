"""A sandbox and a server as child processes, the sandbox's phones, and a session that is linked with one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tuntas.client import Client
from tuntas.testing.waiting import WAIT_SECONDS, wait_for

KEY = "a-key-for-tests-and-nothing-else"
_FIRST_NUMBER = 628550000001


class _ChildProcess:
    """``tuntas`` with arguments; it prints its address when it answers."""

    def __init__(self, arguments: list[str], log: Path, settings: Mapping[str, str]) -> None:
        self.log = log
        # Settings of the machine are not the test's; each part has its own.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TUNTAS_")}
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tuntas", *arguments],
                env=environment | dict(settings),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            self.url = self._address()
        except BaseException:
            self.stop()
            raise

    def _address(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip("./")
        message = f"tuntas did not start; it said:\n{line}{self.log.read_text()}"
        raise AssertionError(message)

    def stop(self) -> None:
        """End it and wait for its end."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(WAIT_SECONDS)
            finally:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()


class SandboxPart(_ChildProcess):
    """A local WhatsApp Web with phones."""

    def __init__(self, folder: Path) -> None:
        """Start one; its log is kept in ``folder``."""
        super().__init__(["sandbox", "--port", "0"], folder / "sandbox.log", {})
        self._next_number = _FIRST_NUMBER

    def phone(self, name: str = "Somebody", number: str | None = None) -> SandboxPhone:
        """Make a phone; without a number one that no other phone has."""
        if number is None:
            number = str(self._next_number)
            self._next_number += 1
        self.ask("POST", "/phones", {"number": number, "name": name})
        return SandboxPhone(self, number)

    def fault(self, kind: str, **more: Any) -> None:
        """Let something go wrong: ``hang_page``, ``crash_page``, ``drop_socket``, ``network_down`` …"""
        self.ask("POST", "/faults", {"kind": kind, **more})

    def clear_faults(self) -> None:
        """End what goes wrong."""
        self.fault("clear")

    def ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """Ask the control side, ``path`` from after ``/_sandbox``. Raises AssertionError with what it refuses."""
        url = f"{self.url}/_sandbox{path}"
        answer = httpx.request(method, url, json=document, timeout=WAIT_SECONDS, trust_env=False)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()


@dataclass(frozen=True, slots=True)
class SandboxPhone:
    """A phone: a customer's, or the one that a session is linked with."""

    sandbox: SandboxPart
    number: str

    def send(self, to: str | SandboxPhone, text: str, **more: Any) -> None:
        """Send a text to a number or a phone."""
        number = to.number if isinstance(to, SandboxPhone) else to
        self.sandbox.ask("POST", f"/phones/{self.number}/send", {"to": number, "text": text, **more})

    def scan(self, qr: str) -> None:
        """Scan a QR: the session is linked with this phone."""
        self.sandbox.ask("POST", f"/phones/{self.number}/scan", {"qr": qr})

    def unlink(self) -> None:
        """Remove its links, as a person does under Linked devices."""
        self.sandbox.ask("POST", f"/phones/{self.number}/unlink")

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages that it has sent and received, oldest first."""
        return list(self.sandbox.ask("GET", f"/phones/{self.number}/messages"))

    def received(self) -> list[str]:
        """Return the texts that came."""
        return [str(one["text"]) for one in self.messages() if one["from"] != self.number]

    def wait_for_text(self, text: str, limit_seconds: float = WAIT_SECONDS) -> None:
        """Wait until this text has come."""
        wait_for(
            lambda: text in self.received(),
            what=f"{text!r} came to {self.number}, which has {self.received()}",
            limit_seconds=limit_seconds,
        )


@dataclass(frozen=True, slots=True)
class LinkedSession:
    """A session that works, and the phone that it is linked with."""

    name: str
    phone: SandboxPhone


class ServerPart(_ChildProcess):
    """A server on a sandbox. ``key`` may do all; sends have no pace, a test need not wait."""

    def __init__(self, data_dir: Path, sandbox: SandboxPart, **settings: str) -> None:
        """Start one on ``data_dir``; ``settings`` are environment variables."""
        self.data_dir = data_dir
        self.key = KEY
        own = {"TUNTAS_WHATSAPP_URL": f"{sandbox.url}/", "TUNTAS_API_KEY": KEY, "TUNTAS_SENDS_PER_MINUTE": "0"}
        log = data_dir.with_name(f"{data_dir.name}.log")
        super().__init__(["serve", "--port", "0", "--data-dir", str(data_dir)], log, own | settings)

    def client(self) -> Client:
        """Return a client of it, to be used with ``with``."""
        return Client(self.url, self.key)

    def link(self, name: str, phone: SandboxPhone, config: Mapping[str, Any] | None = None) -> LinkedSession:
        """Create a session and link it with a phone; it works when this returns."""
        with self.client() as client:
            client.create_session(name, config)
            client.link_session(name, lambda qr: phone.scan(qr.value))
        return LinkedSession(name, phone)
