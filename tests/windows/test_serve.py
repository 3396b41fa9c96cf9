"""``tuntas serve`` on Windows, with a stand-in for the browser: from start over a session's life to Ctrl-C or worse."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tuntas.foundation.http_server import PortTaken, bind
from tuntas.server.data_folder import DataFolder, DataFolderBusy
from windows.stand_in import stand_in

assert sys.platform == "win32"

BROWSER = stand_in()
KEY = "test-key-of-enough-characters"
LIMIT_SECONDS = 30.0
# Ctrl-C goes to everybody on a console; the server has one of its own, which this program joins for the purpose.
PRESS_CTRL_C = """
import ctypes, sys
kernel = ctypes.WinDLL("kernel32")
kernel.FreeConsole()
assert kernel.AttachConsole(int(sys.argv[1]))
kernel.SetConsoleCtrlHandler(None, True)
assert kernel.GenerateConsoleCtrlEvent(0, 0)
"""


class Server:
    """A server as a child process with a console of its own, and a client for it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TUNTAS_")}
        environment |= {"TUNTAS_BROWSER": str(BROWSER), "TUNTAS_API_KEY": KEY}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tuntas", "serve", "--data-dir", str(data), "--port", "0"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            creationflags=subprocess.CREATE_NO_WINDOW,
            text=True,
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        if "http://" not in self.first_line:
            raise AssertionError(self.first_line + self.process.communicate()[0])

    def client(self) -> httpx.Client:
        (url,) = [word for word in self.first_line.split() if word.startswith("http://")][:1]
        return httpx.Client(base_url=url, headers={"X-Api-Key": KEY}, timeout=LIMIT_SECONDS)

    def press_ctrl_c(self) -> int:
        command = [sys.executable, "-c", PRESS_CTRL_C, str(self.process.pid)]
        subprocess.run(command, creationflags=subprocess.DETACHED_PROCESS, check=True)
        return self.process.wait(LIMIT_SECONDS)

    def browser_processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if any(word.startswith(f"--user-data-dir={self.data}") for word in process.cmdline()):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found


@contextmanager
def running(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def wait_for(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_server_is_killed_and_the_next_one_goes_on_and_leaves_at_ctrl_c(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(Server(data)) as server, server.client() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        with pytest.raises(DataFolderBusy, match=f"pid {server.process.pid}"):
            DataFolder(data).acquire()
        with pytest.raises(PortTaken):
            bind("127.0.0.1", int(client.base_url.port or 0))
        client.post("/api/sessions", json={"name": "shop"}).raise_for_status()
        wait_for(lambda: len(server.browser_processes()) >= 3)
        server.process.kill()
        wait_for(lambda: not server.browser_processes())

    with running(Server(data)) as server, server.client() as client:
        # The session is wanted still, so its browser comes up again.
        wait_for(lambda: len(server.browser_processes()) >= 3)
        client.delete("/api/sessions/shop").raise_for_status()
        assert not (data / "profiles" / "shop").exists()
        assert server.browser_processes() == []
        assert server.press_ctrl_c() == 0
        assert not (data / "server.json").exists()
