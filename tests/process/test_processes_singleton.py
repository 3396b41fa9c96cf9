"""Chromium's lock: cleared when proven stale, kept in every doubt."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tuntas.processes.singleton import COOKIE, LOCK, SOCKET, clear_stale_singleton

CHROMIUM = Path("/usr/lib/chromium/chromium")
HOST = socket.gethostname()


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "ani"
    path.mkdir()
    return path


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="org.chromium.Chromium.")).rename(
        Path(tempfile.gettempdir()) / f"org.chromium.Chromium.{os.urandom(3).hex()}"
    )
    (folder / COOKIE).symlink_to("1234567890")
    (folder / SOCKET).touch()
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A live process that has nothing to do with any browser."""
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield process
    process.communicate()


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def lock(profile: Path, host: str, pid: int | str) -> None:
    (profile / LOCK).symlink_to(f"{host}-{pid}")
    (profile / COOKIE).symlink_to("1234567890")


def remnants(profile: Path) -> list[str]:
    return sorted(one.name for one in profile.iterdir() if one.is_symlink())


def test_nothing_to_clear_is_said_so(profile: Path) -> None:
    assert not clear_stale_singleton(profile)
    assert not clear_stale_singleton(profile / "missing")


def test_a_lock_of_a_dead_process_is_cleared(profile: Path) -> None:
    lock(profile, HOST, dead_pid())
    assert clear_stale_singleton(profile)
    assert remnants(profile) == []


def test_a_lock_of_another_host_is_cleared_after_a_container_was_renamed(profile: Path) -> None:
    lock(profile, "other-host-7", os.getpid())
    assert clear_stale_singleton(profile)
    assert remnants(profile) == []


def test_a_lock_whose_pid_is_now_an_innocent_process_is_cleared(
    profile: Path, bystander: subprocess.Popen[bytes]
) -> None:
    lock(profile, HOST, bystander.pid)
    assert clear_stale_singleton(profile)
    assert bystander.poll() is None


def test_a_lock_that_says_nothing_is_cleared_only_when_nobody_is_there(profile: Path) -> None:
    (profile / LOCK).symlink_to("gibberish")
    with (profile / "open").open("w"):
        assert not clear_stale_singleton(profile)
    assert clear_stale_singleton(profile)


def test_whoever_uses_the_profile_keeps_the_lock(profile: Path) -> None:
    lock(profile, "other-host", 1)
    with (profile / "open").open("w"):
        assert not clear_stale_singleton(profile)
    assert remnants(profile) == [COOKIE, LOCK]


def test_the_socket_s_folder_goes_with_its_lock(profile: Path, socket_folder: Path) -> None:
    lock(profile, HOST, dead_pid())
    (profile / SOCKET).symlink_to(socket_folder / SOCKET)
    assert clear_stale_singleton(profile)
    assert not socket_folder.exists()


@pytest.mark.parametrize("doubt", ["another cookie", "another file", "another name"])
def test_a_socket_s_folder_in_doubt_stays(profile: Path, socket_folder: Path, tmp_path: Path, doubt: str) -> None:
    lock(profile, HOST, dead_pid())
    target = socket_folder
    if doubt == "another cookie":
        (socket_folder / COOKIE).unlink()
        (socket_folder / COOKIE).symlink_to("999")
    elif doubt == "another file":
        (socket_folder / "photo").touch()
    else:
        target = tmp_path / "precious"
        target.mkdir()
        (target / COOKIE).symlink_to("1234567890")
    (profile / SOCKET).symlink_to(target / SOCKET)
    assert clear_stale_singleton(profile)
    assert target.exists()
    assert (target / COOKIE).is_symlink()


def test_a_live_browser_keeps_its_lock_and_a_killed_one_s_is_cleared(profile: Path) -> None:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium here")
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "about:blank",
    ]
    browser = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    family: list[psutil.Process] = []
    try:
        assert browser.stderr is not None
        assert any("DevTools listening" in line for line in browser.stderr)
        family = psutil.Process(browser.pid).children(recursive=True)
        target = (profile / SOCKET).readlink().parent
        assert not clear_stale_singleton(profile)
        assert (profile / LOCK).is_symlink()
        assert target.exists()
    finally:
        os.killpg(browser.pid, 9)
        browser.communicate()
        psutil.wait_procs(family, timeout=20)
    assert (profile / LOCK).is_symlink()
    assert clear_stale_singleton(profile)
    assert not (profile / LOCK).is_symlink()
    assert not target.exists()
