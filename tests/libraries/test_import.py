"""``tuntas import``: sessions of whatsapp-web.js go on without a scan, or nothing happens and the reason is said."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.running import Sandbox, Server, browsers_of, run, running
from tuntas.browser import BrowserKind, candidates, choose

KILL_POINTS = ["import.row", "import.marked", "import.renamed"]


def paired_profile(folder: Path, sandbox: Sandbox, number: str, source: Path, **more: str) -> None:
    """Pair a session on a data folder of its own, and put its profile where LocalAuth would have it."""
    server = Server(folder / "first", sandbox.url, **more)
    with running(server):
        server.pair(sandbox, "shop", number)
    source.parent.mkdir(parents=True, exist_ok=True)
    (folder / "first/profiles/shop").rename(source)
    (source / ".tuntas-profile.json").unlink()


def plain_profile(path: Path) -> Path:
    """Make a folder in the shape of a profile, with one file to know it by."""
    (path / "Default").mkdir(parents=True)
    (path / "Local State").write_text("{}")
    (path / "Default/Cookies").write_text(path.name)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def imported(folder: Path, *arguments: str, kill_at: str = "") -> subprocess.CompletedProcess[str]:
    return run("import", *arguments, "--data-dir", str(folder), TUNTAS_KILL_AT=kill_at)


@contextmanager
def served(folder: Path, sandbox: Sandbox) -> Iterator[Server]:
    server = Server(folder, sandbox.url)
    with running(server):
        yield server


def test_an_imported_session_works_with_no_new_scan(tmp_path: Path, sandbox: Sandbox) -> None:
    source = tmp_path / ".wwebjs_auth/session-old"
    paired_profile(tmp_path, sandbox, "628160000001", source)
    data = tmp_path / "data"
    done = imported(data, str(tmp_path / ".wwebjs_auth"))
    assert done.returncode == 0, done.stderr
    assert "tuntas sessions start old" in done.stdout
    assert not source.exists()
    with served(data, sandbox) as server:
        assert server.folders() == ["session-old"]
        assert server.status("old") == "STOPPED"
        server.http.post("/api/sessions/old/start")
        server.wait_status("old", "WORKING")
        assert server.story("old")[0] == "imported"
        assert "qr_shown" not in server.story("old")
        assert server.http.delete("/api/sessions/old").status_code == 200
        assert server.folders() == []
    assert browsers_of(data) == []


def test_a_profile_of_a_full_browser_works_too_whatever_locks_it_left(tmp_path: Path, sandbox: Sandbox) -> None:
    full = next((one for one in candidates() if one.kind is not BrowserKind.HEADLESS_SHELL), None)
    if full is None or choose().kind is not BrowserKind.HEADLESS_SHELL:
        pytest.skip("needs a full browser, such as whatsapp-web.js uses, beside chrome-headless-shell")
    source = tmp_path / "auth/session-old"
    paired_profile(tmp_path, sandbox, "628160000003", source, TUNTAS_BROWSER=str(full.path))
    (source / "SingletonLock").symlink_to("another-host-4711")
    (source / "DevToolsActivePort").write_text("9222\n/devtools/browser/x")
    done = imported(tmp_path / "data", str(source), "--start")
    assert done.returncode == 0, done.stderr
    with served(tmp_path / "data", sandbox) as server:
        server.wait_status("old", "WORKING")
        assert "qr_shown" not in server.story("old")


def test_a_copy_works_too_and_leaves_the_source_as_it_was(tmp_path: Path, sandbox: Sandbox) -> None:
    source = tmp_path / "auth/session-old"
    paired_profile(tmp_path, sandbox, "628160000002", source)
    before = contents(source)
    data = tmp_path / "data"
    done = imported(data, str(source), "--copy", "--start", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"session": "old", "source": str(source), "profile": str(data / "profiles/session-old")}
    ]
    assert contents(source) == before
    with served(data, sandbox) as server:
        server.wait_status("old", "WORKING")
        assert "qr_shown" not in server.story("old")
    assert contents(source) == before


@pytest.mark.parametrize("point", KILL_POINTS)
def test_killed_at_any_point_the_profile_is_at_its_old_place_or_at_its_session(tmp_path: Path, point: str) -> None:
    source, data = plain_profile(tmp_path / "auth/session-old"), tmp_path / "data"
    killed = imported(data, str(source.parent), kill_at=point)
    assert killed.returncode == -signal.SIGKILL
    destination = data / "profiles/session-old"
    here = destination if point == "import.renamed" else source
    assert (here / "Default/Cookies").read_text() == "session-old"
    assert {source, destination} - {here} == {path for path in (source, destination) if not path.exists()}
    assert session_names(data) == ["old"]
    if here == source:
        again = imported(data, str(source.parent))
        assert again.returncode == 0, again.stderr
    assert (destination / "Default/Cookies").read_text() == "session-old"
    assert json.loads((destination / ".tuntas-profile.json").read_text())["session"] == "old"
    assert session_names(data) == ["old"]


def test_a_server_started_after_a_kill_finds_the_session_and_deletes_it_cleanly(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    source, data = plain_profile(tmp_path / "auth/session-old"), tmp_path / "data"
    imported(data, str(source.parent), kill_at="import.row")
    with served(data, sandbox) as server:
        assert server.status("old") == "STOPPED"
        assert server.http.delete("/api/sessions/old").status_code == 200
    assert (source / "Default/Cookies").read_text() == "session-old"
    assert imported(data, str(source.parent)).returncode == 0


@pytest.mark.parametrize("point", ["import.row", "import.copied", "import.renamed"])
def test_a_copy_killed_at_any_point_keeps_the_source(tmp_path: Path, point: str) -> None:
    source, data = plain_profile(tmp_path / "auth/session-old"), tmp_path / "data"
    before = contents(source)
    assert imported(data, str(source), "--copy", kill_at=point).returncode == -signal.SIGKILL
    assert contents(source) == before
    if point != "import.renamed":
        assert not (data / "profiles/session-old").exists()
        again = imported(data, str(source), "--copy")
        assert again.returncode == 0, again.stderr
    assert (data / "profiles/session-old/Default/Cookies").read_text() == "session-old"


def session_names(data: Path) -> list[str]:
    database = sqlite3.connect(data / "tuntas.db")
    try:
        return [name for (name,) in database.execute("SELECT name FROM sessions ORDER BY name")]
    finally:
        database.close()


def test_a_running_server_must_be_stopped_first(server: Server, tmp_path: Path) -> None:
    source = plain_profile(tmp_path / "auth/session-old")
    refused = imported(server.data_dir, str(source))
    assert refused.returncode == 1
    assert f"pid {server.process.pid}" in refused.stderr
    assert "Stop it" in refused.stderr
    assert source.is_dir()


def test_a_folder_in_use_is_refused_and_its_user_named(tmp_path: Path) -> None:
    source = plain_profile(tmp_path / "auth/session-old")
    before = contents(source)
    script = "import sys; file = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    cookies = str(source / "Default/Cookies")
    command = [sys.executable, "-c", script, cookies]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        refused = imported(tmp_path / "data", str(source))
        holder.communicate()
    assert refused.returncode == 1
    assert f"pid {holder.pid}, open file" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert contents(source) == before
    assert not (tmp_path / "data").exists()


def test_names_come_from_the_folders_and_a_bad_one_stops_the_whole_import(tmp_path: Path) -> None:
    auth = tmp_path / "auth"
    plain_profile(auth / "session")
    plain_profile(auth / "session-good")
    bad = plain_profile(auth / "session-a b")
    (auth / "unrelated").mkdir()
    refused = imported(tmp_path / "data", str(auth))
    assert refused.returncode == 1
    assert "'a b' is no name" in refused.stderr
    assert (auth / "session-good").is_dir()
    assert not (tmp_path / "data").exists()

    bad.rename(auth / "session-default")
    assert "would be the session default" in imported(tmp_path / "data", str(auth)).stderr
    (auth / "session-default").rename(auth / "session-ab")
    done = imported(tmp_path / "data", str(auth))
    assert done.returncode == 0, done.stderr
    assert session_names(tmp_path / "data") == ["ab", "default", "good"]
    assert [path.name for path in auth.iterdir()] == ["unrelated"]


def test_a_taken_name_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    data, auth = tmp_path / "data", tmp_path / "auth"
    assert imported(data, str(plain_profile(auth / "session-old"))).returncode == 0
    plain_profile(auth / "session-another")
    again = plain_profile(auth / "session-old")
    before = contents(tmp_path / "auth"), contents(data / "profiles")
    refused = imported(data, str(auth))
    assert refused.returncode == 1
    assert "A session named old exists" in refused.stderr
    assert (contents(tmp_path / "auth"), contents(data / "profiles")) == before
    assert session_names(data) == ["old"]

    # The session is gone from the database, but something lies at its folder's place.
    shutil.rmtree(again)
    (data / "profiles/session-another").mkdir()
    refused = imported(data, str(auth))
    assert "is there already" in refused.stderr
    assert session_names(data) == ["old"]


@pytest.mark.skipif(
    not Path("/dev/shm").is_dir() or Path("/dev/shm").stat().st_dev == Path("/tmp").stat().st_dev,
    reason="needs a second volume",
)
def test_another_volume_is_refused_with_both_ways_out_and_copy_is_one(tmp_path: Path) -> None:
    auth = Path("/dev/shm") / f"tuntas-{tmp_path.parent.name}-{tmp_path.name}"
    source = plain_profile(auth / "session-far")
    data = tmp_path / "data"
    try:
        refused = imported(data, str(auth))
        assert refused.returncode == 1
        assert "another volume" in refused.stderr
        assert "--copy" in refused.stderr
        assert not data.exists()
        assert imported(data, str(auth), "--copy").returncode == 0
        assert (data / "profiles/session-far/Default/Cookies").read_text() == "session-far"
        assert contents(source).keys() == {"Local State", "Default/Cookies"}
    finally:
        shutil.rmtree(auth)


def test_a_profile_of_a_newer_browser_is_copied_but_never_moved(tmp_path: Path) -> None:
    source, data = plain_profile(tmp_path / "auth/session-new"), tmp_path / "data"
    (source / "Last Version").write_text("999.0.1.2")
    refused = imported(data, str(source))
    assert refused.returncode == 1
    assert "last used by version 999" in refused.stderr
    assert not data.exists()
    assert imported(data, str(source), "--copy").returncode == 0
    assert (source / "Default/Cookies").exists()


def test_what_is_no_profile_or_ours_already_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    empty = tmp_path / "auth/session-empty"
    empty.mkdir(parents=True)
    assert "not a browser's profile" in imported(data, str(empty.parent)).stderr
    empty.rmdir()
    assert "There is no session-NAME folder" in imported(data, str(empty.parent)).stderr
    assert "is not a folder" in imported(data, str(tmp_path / "nothing")).stderr
    link = tmp_path / "auth/session-link"
    link.symlink_to(plain_profile(tmp_path / "elsewhere"), target_is_directory=True)
    assert "There is no session-NAME folder" in imported(data, str(link.parent)).stderr
    assert not data.exists()

    assert imported(data, str(plain_profile(tmp_path / "auth/session-old"))).returncode == 0
    other = imported(tmp_path / "other", str(data / "profiles"))
    assert other.returncode == 1
    assert "belongs to the Tuntas data folder" in other.stderr
