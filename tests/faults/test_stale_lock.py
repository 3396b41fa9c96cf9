"""A browser's lock that nobody owns any more: a real server starts its session past it, and hurts nobody."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import StartServer
from support.processes import installed_browsers
from support.running import Sandbox
from tuntas.browser import BrowserKind

PHONES = iter(range(628310000001, 628310009999))


@pytest.fixture
def innocent(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has the pid of a browser that is long gone, and even a browser's name."""
    program = tmp_path / "chrome"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([program, "600"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture(params=[BrowserKind.HEADLESS_SHELL, BrowserKind.CHROMIUM], ids=lambda kind: kind.value)
def browser(request: pytest.FixtureRequest) -> Path:
    is_shell = request.param is BrowserKind.HEADLESS_SHELL
    found = [one.path for one in installed_browsers() if (one.kind is BrowserKind.HEADLESS_SHELL) == is_shell]
    if not found:
        pytest.skip(f"no {'headless-shell' if is_shell else 'full browser'} is installed")
    return found[0]


@pytest.mark.parametrize("host", [socket.gethostname(), "otherhost"], ids=["this host", "another host"])
def test_a_session_starts_past_a_stale_lock_and_the_process_that_has_its_pid_lives(
    start_server: StartServer, sandbox: Sandbox, browser: Path, innocent: subprocess.Popen[bytes], host: str
) -> None:
    server = start_server(TUNTAS_BROWSER=str(browser))
    server.pair(sandbox, "shop", str(next(PHONES)))
    server.http.post("/api/sessions/shop/stop").raise_for_status()
    lock = server.profiles / "shop" / "SingletonLock"
    lock.unlink(missing_ok=True)
    lock.symlink_to(f"{host}-{innocent.pid}")
    server.http.post("/api/sessions/shop/start").raise_for_status()
    server.wait_status("shop", "WORKING")
    assert innocent.poll() is None
    assert not lock.is_symlink() or str(innocent.pid) not in str(lock.readlink())
    assert server.http.delete("/api/sessions/shop").status_code == 200
    assert innocent.poll() is None
