"""Deleting folders whose files other processes hold, which on Windows nobody can do: tried, reported, finished."""

from __future__ import annotations

import _winapi
import asyncio
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.journal import FileJournal
from support.until import until
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.tasks import end, spawn
from tuntas.profiles import (
    DeletionResult,
    ProfileStore,
    Reason,
    RefusedPath,
    RemovalSettings,
    RemovalState,
    Remover,
    safe_delete_directory,
)
from tuntas.profiles.os_errors import ErrorKind, classify
from windows import holding

assert sys.platform == "win32"

from tuntas.processes import holders_windows  # noqa: E402 - exists on Windows only

LONG = "\\\\?\\"


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / ".wwebjs_auth" / "session-XX"
    (folder / "Default").mkdir(parents=True)
    for name in ("Cookies", "History", "lockfile"):
        (folder / "Default" / name).write_text(name)
    return folder


def thing(session: Path, how: str) -> Path:
    return session / "Default" if how == "current" else session / "Default" / "Cookies"


def in_the_background(work: Callable[[], DeletionResult]) -> tuple[threading.Thread, list[DeletionResult]]:
    results: list[DeletionResult] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return thread, results


def deleted_names_go_at_once(folder: Path) -> bool:
    """Say so for a folder with a deleted file that is still open: since Windows 10, not before, and not under Wine."""
    return "Cookies" not in {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("how", ["open", "locked", "current", "deleted"])
def test_what_is_held_for_ever_is_reported_with_its_reason_and_goes_when_it_is_let_go(session: Path, how: str) -> None:
    with holding.held(how, thing(session, how)):
        if how == "deleted" and deleted_names_go_at_once(session / "Default"):
            pytest.skip("a deleted name holds nothing back here")
        result = safe_delete_directory(session, max_retries=2, delay=0.05)
        assert not result
        assert result.attempts == 2
        assert [path.exists() for path in result.remaining] == [True]
        assert result.message is not None
        assert result.message.startswith("Session XX files may not be fully deleted. Manual cleanup may be required.")
        assert "--session XX" in result.message
    assert safe_delete_directory(session)
    assert list(session.parent.iterdir()) == []


@pytest.mark.parametrize("how", ["open", "deleted"])
def test_what_is_let_go_in_time_is_deleted(session: Path, how: str) -> None:
    holder = holding.Holder(how, thing(session, how))
    try:
        if how == "deleted" and deleted_names_go_at_once(session / "Default"):
            pytest.skip("a deleted name holds nothing back here")
        with capture_logs() as logs:
            thread, results = in_the_background(lambda: safe_delete_directory(session, max_retries=400, delay=0.05))
            while not logs:
                time.sleep(0.01)
            holder.let_go()
            thread.join(timeout=40)
        assert results
        assert results[0]
        assert results[0].attempts > 1
        assert logs[0]["event"] == "Cleanup attempt 1/400 for session XX"
        assert logs[0]["reason"] in {"in_use", "permission"}
    finally:
        holder.let_go()
    assert list(session.parent.iterdir()) == []


def test_all_that_is_not_held_is_deleted_at_once(session: Path) -> None:
    with holding.held("open", session / "Default" / "Cookies"):
        result = safe_delete_directory(session, max_retries=1)
        assert not result
        left = [name for place in result.remaining for _, _, names in os.walk(place) for name in names]
        # NT keeps the whole folder (its rename answers 5 while a file inside is open), Wine only the file.
        assert "Cookies" in left
    assert safe_delete_directory(session)


def test_what_windows_answers_is_what_the_table_of_obstacles_says(session: Path) -> None:
    folder = session / "Default"
    file = folder / "Cookies"

    def answer(act: Callable[[], object]) -> tuple[int | None, ErrorKind, Reason]:
        with pytest.raises(OSError) as error:
            act()
        obstacle = classify(error.value)
        return error.value.winerror, obstacle.kind, obstacle.reason

    assert answer(folder.rmdir) == (145, ErrorKind.TRANSIENT, Reason.IN_USE)
    for how in ("open", "locked"):
        with holding.held(how, file):
            assert answer(file.unlink) == (32, ErrorKind.TRANSIENT, Reason.IN_USE)
    (folder / "History").unlink()
    (folder / "lockfile").chmod(stat.S_IREAD)
    assert answer((folder / "lockfile").unlink) == (5, ErrorKind.TRANSIENT, Reason.PERMISSION)
    (folder / "lockfile").chmod(stat.S_IWRITE)
    (folder / "lockfile").unlink()
    with holding.held("deleted", file):
        if not deleted_names_go_at_once(folder):
            assert answer(folder.rmdir) == (145, ErrorKind.TRANSIENT, Reason.IN_USE)
    with holding.held("current", folder):
        assert answer(folder.rmdir) == (32, ErrorKind.TRANSIENT, Reason.IN_USE)


def test_the_restart_manager_is_asked_and_never_in_the_way(session: Path) -> None:
    file = session / "Default" / "Cookies"
    with holding.held("open", file) as holder:
        named = list(holders_windows.users_of_files(session, time.monotonic() + 10))
        # Wine's Restart Manager knows nobody. That of Windows names the very file.
        assert [(one.pid, one.how, one.path) for one in named] in ([], [(holder.pid, "open file", str(file))])


def test_a_process_whose_folder_it_is_is_named(session: Path) -> None:
    with holding.held("current", session / "Default") as holder:
        result = safe_delete_directory(session, max_retries=1)
        assert [(one.pid, one.how) for one in result.holders] == [(holder.pid, "working directory")]
    assert safe_delete_directory(session)


def test_a_process_that_is_told_the_profile_is_named(session: Path) -> None:
    script = "import sys; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, f"--user-data-dir={session}"]
    process = subprocess.Popen(command, cwd=session / "Default", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        result = safe_delete_directory(session, max_retries=1)
        assert [(one.pid, one.how) for one in result.holders] == [(process.pid, "command line")]
    finally:
        process.communicate()
    assert safe_delete_directory(session)


def test_the_read_only_attribute_stops_nothing(session: Path) -> None:
    file = session / "Default" / "Cookies"
    file.chmod(stat.S_IREAD)
    with pytest.raises(PermissionError):
        file.unlink()
    (session / "Default").chmod(stat.S_IREAD)
    session.chmod(stat.S_IREAD)
    assert safe_delete_directory(session, max_retries=1)
    assert list(session.parent.iterdir()) == []


def test_paths_beyond_260_characters_are_deleted(session: Path) -> None:
    deep = Path(LONG + str(session)) / ("a" * 100) / ("b" * 100) / ("c" * 100)
    deep.mkdir(parents=True)
    (deep / "file").write_text("deep")
    assert len(str(deep)) > 260 + len(LONG)
    assert safe_delete_directory(session, max_retries=1)
    assert list(session.parent.iterdir()) == []


def test_names_that_only_the_long_form_can_say_are_deleted(session: Path) -> None:
    for name in ("ends with a dot.", "ends with a blank ", "nul"):
        Path(f"{LONG}{session}\\{name}").write_text("odd")
    assert safe_delete_directory(session, max_retries=1)
    assert list(session.parent.iterdir()) == []


def test_a_junction_is_removed_and_never_entered(session: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "photo").write_text("precious")
    try:
        _winapi.CreateJunction(str(canary), str(session / "Default" / "junction"))
    except OSError as error:
        pytest.skip(f"no junctions here: {error}")
    assert safe_delete_directory(session, max_retries=1)
    assert list(session.parent.iterdir()) == []
    assert (canary / "photo").read_text() == "precious"


def test_what_must_not_be_deleted_is_refused(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(session)
    for target in (
        "C:\\",
        "C:",
        "C:\\windows",
        Path.home(),
        Path(),
        session,
        session.parent,
        session / "Default\\Cookies",
    ):
        with pytest.raises(RefusedPath):
            safe_delete_directory(target)
    assert (session / "Default" / "Cookies").exists()


class Profiles:
    """A store, a remover on it, and one marked profile with a few files."""

    def __init__(self, root: Path) -> None:
        self.store = ProfileStore(root)
        self.journal = FileJournal(root.parent / "journal")
        settings = RemovalSettings(
            attempts=2, delay_seconds=0.05, first_retry_seconds=0.1, retry_ceiling_seconds=0.3, look_again_seconds=0.1
        )
        self.states: list[tuple[RemovalState, Reason | None]] = []
        self.remover = Remover(
            self.store,
            self.journal,
            SystemClock(),
            settings,
            on_change=lambda removal: self.states.append((removal.state, removal.reason)),
        )

    def profile(self) -> Path:
        self.store.prepare()
        folder = self.store.create("shop", "shop")
        (folder / "Default").mkdir()
        (folder / "Default" / "Cookies").write_text("cookies")
        return folder


def test_a_removal_goes_from_intent_over_quarantine_to_purged(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles")
    folder = profiles.profile()

    async def main() -> None:
        running = spawn(profiles.remover.run(), name="remover")
        removal = await profiles.remover.remove("shop", folder)
        assert removal.name_is_free
        assert not folder.exists()
        async with asyncio.timeout(30):
            await until(lambda: not profiles.remover.open_removals())
        await end(running)

    asyncio.run(main())
    seen = list(dict.fromkeys(state for state, _ in profiles.states))
    assert seen == [RemovalState.INTENT, RemovalState.QUARANTINED, RemovalState.PURGED]
    assert profiles.store.trash.entries() == []


@pytest.mark.parametrize("how", ["locked", "current"])
def test_a_removal_that_is_held_up_is_stuck_with_its_reason_and_ends_when_it_is_let_go(
    tmp_path: Path, how: str
) -> None:
    profiles = Profiles(tmp_path / "profiles")
    folder = profiles.profile()
    what = folder / "Default" if how == "current" else folder / "Default" / "Cookies"

    async def main() -> None:
        with holding.held(how, what) as holder:
            running = spawn(profiles.remover.run(), name="remover")
            await profiles.remover.remove("shop", folder)
            async with asyncio.timeout(30):
                await until(lambda: any(state is RemovalState.STUCK for state, _ in profiles.states))
            (stuck,) = profiles.remover.open_removals()
            assert stuck.reason in {Reason.IN_USE, Reason.PERMISSION}
            assert stuck.next_attempt_at is not None
            # Held or not, a new session of this name gets a folder.
            assert profiles.store.create(profiles.store.folder_for("shop"), "shop").exists()
            await asyncio.to_thread(holder.let_go)
            async with asyncio.timeout(30):
                await until(lambda: not profiles.remover.open_removals())
            await end(running)

    asyncio.run(main())
    assert profiles.states[-1] == (RemovalState.PURGED, None)
    assert profiles.store.trash.entries() == []
