"""A server that is root gives its browsers to a user without rights, and a session's life goes on as ever."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.running import Sandbox, Server, alive, browsers_of, run, running, tree_of, wait_for
from tuntas.browser import BrowserUser, BrowserUserUnusable, browser_user, runs_without_sandbox
from tuntas.browser.environment import environment_of_another
from tuntas.profiles.marker import NAME as MARKER
from tuntas.profiles.marker import Marker, read_marker
from tuntas.profiles.ownership import give_to

is_root = sys.platform == "linux" and os.geteuid() == 0
needs_root = pytest.mark.skipif(not is_root or shutil.which("setpriv") is None, reason="needs root and setpriv")
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder that everybody may pass through: pytest's own are closed to other users."""
    path = Path(tempfile.mkdtemp(prefix="tuntas-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def as_nobody(*arguments: str) -> int:
    """Run a command as a browser's user does, and return its exit code."""
    become = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--"]
    return subprocess.run([*become, *arguments], capture_output=True, timeout=20, check=False).returncode


def start(stack: ExitStack, folder: Path, sandbox: Sandbox, **more: str) -> Server:
    server = Server(folder / "data", sandbox.url, **{"TUNTAS_BROWSER_USER": "nobody"} | more)
    stack.enter_context(running(server))
    return server


@needs_root
@pytest.mark.timeout(180)
def test_a_whole_life_under_another_user(folder: Path, sandbox: Sandbox) -> None:
    data = folder / "data"
    with ExitStack() as stack:
        server = start(stack, folder, sandbox)
        assert server.process.stdout is not None
        has_sandbox = not runs_without_sandbox(browser_user("nobody"))
        said = server.process.stdout.readline()
        assert said.startswith(
            "Browsers run as nobody, in their own sandbox." if has_sandbox else "Browsers run as nob"
        )

        server.pair(sandbox, "shop", "628173000001")
        tree = tree_of(data)
        assert len(tree) >= 3
        assert {process.uids().real for process in tree} == {NOBODY}
        assert {process.gids().real for process in tree} == {NOBODY}
        (main,) = browsers_of(data)
        assert ("--no-sandbox" in Path(f"/proc/{main}/cmdline").read_text().split("\0")) == (not has_sandbox)
        if has_sandbox:
            ours = Path("/proc/self/ns/user").readlink()
            assert any(Path(f"/proc/{process.pid}/ns/user").readlink() != ours for process in tree)

        profile = data / "profiles" / "shop"
        assert as_nobody("ls", str(profile / "Default")) == 0
        for hidden in (data, data / "profiles", data / "profiles" / ".trash", data / "files"):
            assert not hidden.exists() or as_nobody("ls", str(hidden)) != 0, hidden
        for secret in (data / "tuntas.db", data / "server.json", data / "dashboard.secret", profile / MARKER):
            assert not secret.exists() or as_nobody("cat", str(secret)) != 0, secret
        assert as_nobody("rm", "-f", str(profile / MARKER)) != 0
        assert as_nobody("mv", str(profile), str(data / "profiles" / "other")) != 0
        assert as_nobody("mkdir", str(data / "profiles" / "other")) != 0
        found = {one["check"]: one for one in json.loads(doctor(data).stdout)}
        assert found["data folder"]["level"] == "fine", found["data folder"]
        assert "nobody" in found["sandboxing"]["detail"]

        # A browser that cannot notice the end of its pipe ends with the server all the same.
        os.kill(main, signal.SIGSTOP)
        server.stop(signal.SIGKILL)
        wait_for(lambda: not alive(tree), what="the browser has died with its server")

        server = start(stack, folder, sandbox)
        server.wait_status("shop", "WORKING")
        assert "data_folder_was_open" not in server.log.read_text()
        sandbox.phone("628173000002")
        assert server.send("shop", "628173000002@c.us", "hello").status_code == 201
        server.http.post("/api/sessions/shop/stop").raise_for_status()
        server.wait_status("shop", "STOPPED")
        server.stop()

        # As root again, and back: what the one made the other can use, with no new scan.
        server = start(stack, folder, sandbox, TUNTAS_BROWSER_USER="")
        server.http.post("/api/sessions/shop/start").raise_for_status()
        server.wait_status("shop", "WORKING")
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        server.stop()
        server = start(stack, folder, sandbox)
        server.wait_status("shop", "WORKING")
        assert {process.uids().real for process in tree_of(data)} == {NOBODY}

        server.http.post("/api/sessions/shop/logout").raise_for_status()
        server.wait_status("shop", "SCAN_QR_CODE", "STOPPED")
        server.create("second")
        server.wait_status("second", "SCAN_QR_CODE")
        for name in ("shop", "second"):
            assert server.http.delete(f"/api/sessions/{name}").status_code == 200
        assert server.folders() == []
        assert browsers_of(data) == []
        server.wait_trash_empty()


@needs_root
def test_a_user_that_cannot_be_is_refused_in_words_and_changes_nothing(folder: Path, sandbox: Sandbox) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for user, data, why in (
        ("no-such-user", folder / "data", "there is no such user"),
        ("root", folder / "data", "root itself"),
        ("nobody", closed / "data", f"{closed} is closed to it"),
    ):
        done = run("serve", "--port", "0", "--data-dir", str(data), TUNTAS_BROWSER_USER=user)
        assert done.returncode == 1
        assert why in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert not data.exists()
        assert why in doctor(data, user).stdout or user == "nobody"


def doctor(data: Path, user: str = "nobody") -> subprocess.CompletedProcess[str]:
    return run("doctor", "--json", "--data-dir", str(data), TUNTAS_BROWSER_USER=user)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse it before")
def test_a_user_is_a_name_or_a_number_and_only_root_may_choose_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser_user("") is None
    for wrong in ("0", "root", "no such user", "-1", "4294967295", "99999999999999", "nobody;id", "\x00", "٣"):
        with pytest.raises(BrowserUserUnusable, match="TUNTAS_BROWSER_USER"):
            browser_user(wrong)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(BrowserUserUnusable, match="only root"):
        browser_user("nobody")


@needs_root
def test_a_number_needs_no_entry_among_the_users() -> None:
    assert browser_user("61234") == BrowserUser("61234", 61234, 61234)
    assert browser_user("65534") == browser_user("nobody")


@needs_root
def test_a_profile_is_given_away_without_its_marker_its_links_and_files_of_two_names(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    profile = tmp_path / "profile"
    (profile / "Default" / "Local Storage").mkdir(parents=True)
    (profile / MARKER).write_text("{}")
    (profile / "Default" / "Cookies").write_text("x")
    (profile / "Default" / "link").symlink_to(outside)
    os.link(outside, profile / "Default" / "second name")
    give_to(profile, NOBODY, NOBODY)
    give_to(profile, NOBODY, NOBODY)
    assert (outside.stat().st_uid, (profile / MARKER).stat().st_uid) == (0, 0)
    assert (profile.stat().st_uid, profile.stat().st_gid) == (0, NOBODY)
    assert stat.S_IMODE(profile.stat().st_mode) == 0o1770
    for name in ("Default", "Default/Local Storage", "Default/Cookies"):
        assert (profile / name).stat().st_uid == NOBODY
    assert (profile / "Default" / "link").lstat().st_uid == NOBODY
    (tmp_path / "other").symlink_to(profile)
    with pytest.raises(OSError, match="other"):
        give_to(tmp_path / "other", NOBODY, NOBODY)


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
@pytest.mark.timeout(20)
def test_what_stands_in_a_marker_s_place_says_nothing_and_holds_nobody(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(json.dumps({"session": "other", "created_at": "2026-01-01T00:00:00+00:00"}))
    linked, piped = tmp_path / "linked", tmp_path / "piped"
    for one in (linked, piped):
        one.mkdir()
    (linked / MARKER).symlink_to(elsewhere)
    os.mkfifo(piped / MARKER)
    assert read_marker(linked) == read_marker(piped) == Marker(None, None)


def test_a_browser_of_another_user_is_at_home_in_its_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/0")
    monkeypatch.setenv("TMPDIR", "/root/tmp")
    monkeypatch.setenv("HOME", "/root")
    found = environment_of_another(BrowserUser("web", 7, 7), Path("/data/profiles/shop"))
    assert found["HOME"] == "/data/profiles/shop"
    assert (found["USER"], found["LOGNAME"]) == ("web", "web")
    assert not found.keys() & {"TMPDIR", "XDG_RUNTIME_DIR"}
    assert found["PATH"] == os.environ["PATH"]
