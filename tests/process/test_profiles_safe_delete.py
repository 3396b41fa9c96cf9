"""The public function, as a script uses it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tuntas.profiles import RefusedPath, safe_delete_directory


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / ".wwebjs_auth" / "session-XX"
    (path / "Default").mkdir(parents=True)
    (path / "Default" / "Cookies").write_text("cookies")
    return path


def test_a_folder_is_deleted(session: Path) -> None:
    result = safe_delete_directory(session)
    assert result
    assert (result.removed, result.attempts, result.remaining, result.message) == (True, 1, (), None)
    assert list(session.parent.iterdir()) == []


def test_a_missing_folder_is_success(tmp_path: Path) -> None:
    assert safe_delete_directory(tmp_path / "missing")
    assert safe_delete_directory(tmp_path / "missing" / "deeper")


def test_a_text_with_a_slash_behind_and_a_relative_path_mean_the_folder(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(session.parent.parent)
    assert safe_delete_directory(".wwebjs_auth/session-XX/")
    assert not session.exists()


def test_what_must_not_be_deleted_is_refused(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = session.parent / "link"
    link.symlink_to(session)
    file = session.parent / "file"
    file.touch()
    monkeypatch.chdir(session)
    for target in (Path("/"), Path("/usr"), Path.home(), Path(), Path(".."), session, session.parent, link, file):
        with pytest.raises(RefusedPath):
            safe_delete_directory(target)
    with pytest.raises(RefusedPath):
        safe_delete_directory(f"{link}/")
    assert (session / "Default" / "Cookies").exists()


def test_links_inside_lead_nowhere(session: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "photo").write_text("precious")
    (session / "link").symlink_to(canary)
    assert safe_delete_directory(session)
    assert (canary / "photo").read_text() == "precious"


def test_what_an_earlier_call_had_to_leave_is_finished(session: Path) -> None:
    left = session.with_name("session-XX.being-deleted-" + "0" * 26)
    session.rename(left)
    stranger = session.with_name("session-XX.being-deleted-by-hand")
    stranger.mkdir()
    assert safe_delete_directory(session)
    assert not left.exists()
    assert stranger.exists()


def test_less_than_one_attempt_is_an_error(session: Path) -> None:
    with pytest.raises(ValueError, match="max_retries"):
        safe_delete_directory(session, max_retries=0)
    assert session.exists()


@pytest.fixture
def child(session: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", f"import os, sys\nplace = sys.argv[1]\n{code}", str(session)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


HOLD = "kept = open(place + '/Default/Cookies'); print('ready', flush=True); sys.stdin.read()"
MAKE_AGAIN = "print('ready', flush=True)\nwhile True: os.makedirs(place + '/Default/Cache', exist_ok=True)"


def test_what_cannot_go_is_said_attempt_by_attempt_with_the_holder_and_the_command(
    session: Path, child: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    holder = child(HOLD)
    if subprocess.run(["chattr", "+i", session / "Default" / "Cookies"], check=False, capture_output=True).returncode:
        pytest.skip("this file system or user cannot make files immutable (chattr +i)")
    try:
        with capture_logs() as lines:
            result = safe_delete_directory(session, max_retries=3, delay=0.01)
        assert not result
        assert result.attempts == 3
        assert [one.pid for one in result.holders] == [holder.pid]
        assert not session.exists()
        (left,) = result.remaining
        assert left.name.startswith("session-XX.being-deleted-")
        assert result.message is not None
        assert result.message.startswith("Session XX files may not be fully deleted. Manual cleanup may be required.")
        assert f"pid {holder.pid}" in result.message
        assert f"tuntas cleanup --dir {session.parent} --session XX" in result.message
        said = [line["event"] for line in lines]
        assert [f"Cleanup attempt {number}/3 for session XX" for number in (1, 2, 3)] == said[:3]
    finally:
        for file in session.parent.rglob("Cookies"):
            subprocess.run(["chattr", "-i", file], check=True)
    assert safe_delete_directory(session, delay=0.01)
    assert list(session.parent.iterdir()) == []


def test_a_live_writer_is_never_reported_as_gone_while_its_folder_is_there(
    session: Path, child: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    writer = child(MAKE_AGAIN)
    result = safe_delete_directory(session, delay=0.01)
    if not result:
        assert result.remaining == (session,)
        assert result.attempts == 3
    writer.kill()
    writer.wait()
    assert safe_delete_directory(session, delay=0.01)
    assert list(session.parent.iterdir()) == []


def test_a_script_needs_nothing_but_the_function(session: Path) -> None:
    code = "import sys, tuntas.profiles; sys.exit(not tuntas.profiles.safe_delete_directory(sys.argv[1]))"
    assert subprocess.run([sys.executable, "-c", code, session], check=False, timeout=60).returncode == 0
    assert not session.exists()
