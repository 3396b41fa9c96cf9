"""Nobody else may look into the data folder: not into what is made, and not into what was found open."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import StartServer
from support.running import Sandbox, run
from tuntas.server.private_modes import close_to_others, foreign_owner, open_entries

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """Return every file and folder that another user could use, with its mode; links have none."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        try:
            facts = path.lstat()
        except FileNotFoundError:
            continue  # a browser is at work
        if stat.S_IMODE(facts.st_mode) & 0o077 and not stat.S_ISLNK(facts.st_mode):
            found[str(path.relative_to(folder))] = oct(facts.st_mode)
    return found


def test_what_a_server_and_its_browsers_make_is_for_their_user_only(
    start_server: StartServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    with umask(0):
        server = start_server()
    server.pair(sandbox, "shop", "628171000001")
    data = tmp_path / "data"
    assert (data / "tuntas.db-wal").exists()
    assert open_to_others(data) == {}


def test_a_folder_that_was_found_open_is_closed_at_the_start_and_told(
    start_server: StartServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    first = start_server()
    first.create("shop", start=False)
    first.stop()
    for path in (data, data / "profiles", data / "profiles" / ".trash"):
        path.chmod(0o777)
    for name in ("tuntas.db", "dashboard.secret"):
        (data / name).chmod(0o644)
    doctor = run("doctor", "--data-dir", str(data))
    assert "may be written by everybody, and 4 more in it" in doctor.stdout
    server = start_server()
    server.create("other", start=False)  # a write-ahead log is there now, as open as the database
    assert open_to_others(data) == {}
    assert "data_folder_was_open" in server.log.read_text()
    assert "for other users" not in run("doctor", "--data-dir", str(data)).stdout


def test_a_log_that_was_left_open_is_closed(tmp_path: Path) -> None:
    for name in ("tuntas.db", "tuntas.db-wal", "tuntas.db-shm", "server.json"):
        (tmp_path / name).touch(0o644)
        (tmp_path / name).chmod(0o666)
    (tmp_path / "files").mkdir(0o755)
    assert len(close_to_others(tmp_path)) >= 5
    assert open_to_others(tmp_path) == {}


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "outside"
    data.mkdir(0o700)
    outside.touch()
    outside.chmod(0o644)
    (data / "dashboard.secret").symlink_to(outside)
    close_to_others(data)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_a_home_and_a_folder_for_everybody_keep_their_modes_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode in (0o755, 0o1777):
        folder = tmp_path / oct(mode)
        folder.mkdir()
        folder.chmod(mode)
        if mode == 0o755:
            monkeypatch.setenv("HOME", str(folder))
        (entry,) = close_to_others(folder)
        assert entry.why_not is not None
        assert stat.S_IMODE(folder.stat().st_mode) == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_another_user_s_folder_is_told_and_left_as_it_is(start_server: StartServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(0o755)
    data.chmod(0o755)
    os.chown(data, 65534, 65534)
    assert foreign_owner(data) == 65534
    assert [entry.why_not for entry in open_entries(data)] == ["it belongs to user id 65534"]
    server = start_server()
    assert stat.S_IMODE(data.stat().st_mode) == 0o755
    log = server.log.read_text()
    assert "data_folder_is_not_ours" in log
    assert "data_folder_is_open" in log


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root loses the browser's sandbox")
def test_as_root_a_start_says_in_one_line_that_the_browser_s_sandbox_is_off(start_server: StartServer) -> None:
    server = start_server()
    assert server.process.stdout is not None
    assert "the browsers' own sandbox is off" in server.process.stdout.readline()
