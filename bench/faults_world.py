"""The processes of a fault run: a sandbox, a decoy browser, and one server after another on one data folder.

This process becomes the reaper of everything below it, so that whatever survives, however it detached itself, is
still found as a descendant: the proof of "nothing is left" needs no guess about command lines.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import psutil

from support.running import Sandbox, Server, environment
from tuntas.browser import Candidate, choose
from tuntas.processes import become_subreaper

# A fault must be found and healed within seconds, so that a round takes seconds; the ratios are those of real use.
QUICK = {
    "TUNTAS_LAUNCH_TIMEOUT_SECONDS": "15",
    "TUNTAS_NAVIGATION_TIMEOUT_SECONDS": "10",
    "TUNTAS_START_TIMEOUT_SECONDS": "10",
    "TUNTAS_QR_TIMEOUT_SECONDS": "8",
    "TUNTAS_PAIRING_TIMEOUT_SECONDS": "10",
    "TUNTAS_RECONNECT_TIMEOUT_SECONDS": "6",
    "TUNTAS_LIVENESS_INTERVAL_SECONDS": "1",
    "TUNTAS_LIVENESS_TIMEOUT_SECONDS": "2",
    "TUNTAS_LOGOUT_TIMEOUT_SECONDS": "3",
    "TUNTAS_CLOSE_TIMEOUT_SECONDS": "1",
    "TUNTAS_KILL_TIMEOUT_SECONDS": "5",
    "TUNTAS_SHUTDOWN_TIMEOUT_SECONDS": "10",
    "TUNTAS_CALL_TIMEOUT_SECONDS": "4",
    "TUNTAS_RESTART_FIRST_SECONDS": "0.1",
    "TUNTAS_RESTART_CEILING_SECONDS": "0.5",
    "TUNTAS_STABLE_RUN_SECONDS": "1",
    "TUNTAS_REMOVAL_ATTEMPTS": "2",
    "TUNTAS_REMOVAL_DELAY_SECONDS": "0.2",
    "TUNTAS_LOG_LEVEL": "info",
}
QR_SECONDS = 3.0
WISH_SECONDS = 45.0
START_SECONDS = 60.0
END_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.05
PARTNER = "628990000000"

_SANDBOX = f"""
import asyncio
from tuntas.foundation import logs
from tuntas.sandbox.server import SandboxSettings, serve
logs.configure(level="warning")
settings = SandboxSettings(port=0, first_ref_seconds={QR_SECONDS}, next_ref_seconds={QR_SECONDS})
asyncio.run(serve(settings, lambda sandbox: print(sandbox.url, flush=True)))
"""


class QuickSandbox(Sandbox):
    """A sandbox whose QR codes age in seconds, so that a silent QR page is found in seconds."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "sandbox.log"
        with self.log.open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _SANDBOX], env=environment(), stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self.url = self._address()
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)


class World:
    """Everything that runs. Use as a context: leaving it ends every process below this one."""

    def __init__(self, folder: Path, browser: Path | None) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.foreign = folder / "foreign"
        self.temporary = folder / "tmp"
        self.candidate: Candidate = choose(browser)
        self.server: Server | None = None
        self.armed: str | None = None
        self.sandbox: QuickSandbox
        self.decoy: psutil.Process
        self._decoy: subprocess.Popen[bytes]

    def __enter__(self) -> World:
        become_subreaper()
        for path in (self.foreign, self.temporary):
            path.mkdir()
        for name in ("canary", "behind-a-link/canary"):
            (self.foreign / name).parent.mkdir(exist_ok=True)
            (self.foreign / name).write_text(name)
        try:
            self.sandbox = QuickSandbox(self.folder)
            self.sandbox.phone(PARTNER, "Customer")
            self._start_decoy()
        except BaseException:
            end_descendants()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._drop_server()
        with contextlib.suppress(AttributeError):
            self.sandbox.http.close()
        end_descendants()

    def _start_decoy(self) -> None:
        # Somebody else's browser: the same program, and a profile that bears the name of one of our sessions.
        arguments = [str(self.candidate.path), f"--user-data-dir={self.foreign / 'f0'}", "--remote-debugging-port=0"]
        more = ["--no-sandbox", "--headless", "--disable-breakpad", "--disable-crashpad-for-testing", "about:blank"]
        self._decoy = subprocess.Popen(
            [*arguments, *more],
            env=environment(TMPDIR=str(self.foreign)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.decoy = psutil.Process(self._decoy.pid)

    # --- the server ---------------------------------------------------------------------------------------------

    @property
    def api(self) -> Server:
        """The server that runs."""
        assert self.server is not None
        return self.server

    def is_up(self) -> bool:
        """Say whether the server's process lives."""
        return self.server is not None and self.server.process.poll() is None

    def start(self, kill_at: str | None = None) -> bool:
        """Start the next server; False if it died before it answered, which a kill point or a fault explains."""
        self._drop_server()
        self.armed = kill_at
        settings = QUICK | {"TUNTAS_BROWSER": str(self.candidate.path), "TMPDIR": str(self.temporary)}
        if kill_at is not None:
            settings["TUNTAS_KILL_AT"] = kill_at
        overdue = threading.Timer(START_SECONDS, self.kill_starting)
        overdue.start()
        try:
            self.server = Server(self.data_dir, self.sandbox.url, **settings)
        except AssertionError:
            return False
        finally:
            overdue.cancel()
            overdue.join()
        self.server.http.timeout = httpx.Timeout(WISH_SECONDS)
        return True

    def kill_starting(self) -> bool:
        """SIGKILL the server that is starting or running, found as our child; False if there is none."""
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.Error):
                if "serve" in child.cmdline() and str(self.data_dir) in child.cmdline():
                    child.kill()
                    return True
        return False

    def wait_dead(self) -> None:
        """Wait for the end of a server that was killed while it started."""
        if self.server is not None:
            self.server.process.wait(END_SECONDS)

    def end_server(self, number: signal.Signals) -> int | None:
        """Send a signal and wait for the end; None if it did not end within the limit."""
        process = self.api.process
        process.send_signal(number)
        try:
            return process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def _drop_server(self) -> None:
        server, self.server = self.server, None
        if server is not None:
            if server.process.poll() is None:
                server.process.kill()
            server.process.wait()
            assert server.process.stdout is not None
            server.process.stdout.close()
            server.http.close()

    # --- looks --------------------------------------------------------------------------------------------------

    def mains(self) -> dict[int, Path]:
        """Return the main processes of browsers on our profiles, with the profile of each."""
        found = {}
        for process in descendants():
            with contextlib.suppress(psutil.Error):
                arguments = process.cmdline()
                if any(one.startswith("--type=") for one in arguments) or "setpriv" in arguments[:1]:
                    continue
                for one in arguments[1:]:
                    if one.startswith(f"--user-data-dir={self.data_dir}"):
                        found[process.pid] = Path(one.partition("=")[2])
        return found

    def reap(self) -> None:
        """Reap what ended and fell to us when its parent died; those that a Popen waits for are left to it."""
        ours = {self.sandbox.process.pid, self._decoy.pid, *([self.server.process.pid] if self.server else [])}
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.Error, ChildProcessError):
                if child.pid not in ours and child.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(child.pid, os.WNOHANG)

    def unreaped(self) -> list[int]:
        """Return ended processes that the running server has left unreaped for longer than a moment's work."""
        if not self.is_up():
            return []
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(self.api.process.pid).children(recursive=True)
            return [one.pid for one in family if one.is_running() and one.status() == psutil.STATUS_ZOMBIE]
        return []

    def survivors(self, mains: dict[int, Path]) -> list[psutil.Process]:
        """Return living descendants that are neither ours to keep nor of the trees of ``mains``."""
        groups = {*mains, self._decoy.pid}
        spared = {self.sandbox.process.pid, *([self.server.process.pid] if self.server else [])}
        return [one for one in descendants() if one.pid not in spared and _group(one.pid) not in groups]

    def decoy_lives(self) -> bool:
        """Say whether the other's browser is still the same process, and not stopped."""
        return self.decoy.is_running() and self.decoy.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED)

    def canaries_live(self) -> bool:
        """Say whether every foreign file is as it was."""
        return all(
            (self.foreign / name).is_file() and (self.foreign / name).read_text() == name
            for name in ("canary", "behind-a-link/canary")
        )

    def stale_lock(self, choice: random.Random) -> str:
        """Return what a left-over SingletonLock may point to: another host, a dead pid, an innocent's pid."""
        here = socket.gethostname()
        return choice.choice(["otherhost-123", f"{here}-4194000", f"{here}-{self.decoy.pid}"])


def descendants() -> list[psutil.Process]:
    """Return every living process below this one."""
    living = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
    return living


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def end_descendants() -> None:
    """SIGKILL everything below this process until nothing is left, and reap it."""
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        left = psutil.Process().children(recursive=True)
        if not left:
            return
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=LOOK_EVERY_SECONDS)
    message = f"still there: {psutil.Process().children(recursive=True)}"
    raise RuntimeError(message)
