"""``tuntas cleanup`` on a data folder on which no server runs, with real browsers, real files and the real database."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.launchers import launched
from support.running import run
from tuntas.browser import BrowserKind
from tuntas.foundation.identifiers import ulid
from tuntas.processes import identify
from tuntas.profiles import ProfileStore, Removal, RemovalState
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import BrowserRecord, SessionConfig, SessionRecord
from tuntas.storage import Database, SqlRemovalJournal, SqlSessionStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class DataFolder:
    """A data folder as a dead server has left it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = ProfileStore(path / "profiles")
        self.store.prepare()
        self._with_database(None)

    def session(self, name: str, browser: BrowserRecord | None = None, desired: Desired = Desired.RUNNING) -> Path:
        """Add a session with a profile of some size; a folder that is there already becomes its profile."""
        profile = self.store.path_of(name)
        profile = self.store.adopt(name, name) if profile.exists() else self.store.create(name, name)
        (profile / "Default").mkdir(exist_ok=True)
        (profile / "Default" / "Cookies").write_bytes(b"x" * 100_000)
        record = SessionRecord(
            id=ulid(),
            name=name,
            config=SessionConfig(),
            desired=desired,
            state=State.WORKING,
            status=Status.WORKING,
            profile_folder=name,
            created_at=NOW,
            changed_at=NOW,
            browser=browser,
        )
        self._with_database(lambda database: SqlSessionStore(database).insert(record))
        return profile

    def removal(self, removal: Removal) -> None:
        self._with_database(lambda database: SqlRemovalJournal(database).put(removal))

    def removals(self) -> list[Removal]:
        found: list[Removal] = []

        async def look(database: Database) -> None:
            found.extend(await SqlRemovalJournal(database).unfinished())

        self._with_database(look)
        return found

    def trash(self) -> list[Path]:
        return list(self.store.trash.path.iterdir())

    def clean(self, *more: str) -> tuple[int, dict[str, Any]]:
        done = run("cleanup", "--data-dir", str(self.path), "--json", *more)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def contents(self, *, beside: Path) -> dict[str, int]:
        found = {}
        for folder, folders, files in os.walk(self.path):
            folders[:] = [name for name in folders if Path(folder, name) != beside]
            for path in (Path(folder, name) for name in (*folders, *files)):
                found[str(path)] = path.lstat().st_mtime_ns
        return found

    def _with_database(self, work: Any) -> None:
        async def use() -> None:
            database = Database(f"sqlite:///{self.path / 'tuntas.db'}")
            try:
                await database.migrate()
                if work is not None:
                    await work(database)
            finally:
                database.close()

        asyncio.run(use())


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    """Return a data folder with nothing in it."""
    return DataFolder(tmp_path / "data")


def record_of(pid: int, profile: Path) -> BrowserRecord:
    identity = identify(pid, profile)
    return BrowserRecord(
        identity.pid,
        identity.create_time,
        identity.group,
        identity.boot_id,
        str(identity.profile),
        "chromium",
        "1",
        NOW,
    )


def filled(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "bytes").write_bytes(b"x" * 100_000)
    return path


@pytest.mark.parametrize("kind", [BrowserKind.HEADLESS_SHELL, BrowserKind.CHROMIUM])
def test_an_orphan_is_proven_by_its_profile_and_ended(data: DataFolder, tmp_path: Path, kind: BrowserKind) -> None:
    profile = data.session("shop")
    with launched(profile, kind) as browser, launched(tmp_path / "other" / "profiles" / "shop", kind) as decoy:
        browser.orphan()
        decoy.orphan()
        code, done = data.clean()
        assert code == 0, done
        assert [(one["pid"], one["session"], one["owner"]) for one in done["browsers_stopped"]] == [
            (browser.pid, "shop", None)
        ]
        assert not browser.living()
        assert decoy.is_untouched()
        assert profile.is_dir(), "a session's own profile is no leftover"


def test_an_orphan_is_proven_by_its_record_whoever_its_parent_is(data: DataFolder) -> None:
    with launched(data.store.path_of("shop")) as browser:
        data.session("shop", record_of(browser.pid, data.store.path_of("shop")))
        code, done = data.clean()
        assert code == 0, done
        assert [one["pid"] for one in done["browsers_stopped"]] == [browser.pid]
        assert not browser.living()


def test_a_record_of_another_boot_ends_nothing(data: DataFolder) -> None:
    with launched(data.store.path_of("shop")) as browser:
        record = replace(record_of(browser.pid, data.store.path_of("shop")), boot_id="another")
        data.session("shop", record)
        code, done = data.clean()
        assert browser.is_untouched()
        assert code == 1
        assert done["kept"][0]["reason"] == "in_use"
        assert browser.launcher.pid in {holder["pid"] for holder in done["kept"][0]["holders"]}


def test_a_person_s_browser_on_our_profile_needs_force(data: DataFolder) -> None:
    profile = data.session("shop")
    with launched(profile) as browser:
        assert data.clean()[0] == 1
        assert browser.is_untouched()
        done = run("cleanup", "--data-dir", str(data.path), "--force")
        assert done.returncode == 0
        assert f"pid {browser.launcher.pid}" in done.stderr
        assert not browser.living()


def test_the_trash_is_emptied_and_half_done_removals_are_finished(data: DataFolder) -> None:
    nameless = filled(data.store.trash.path_of(ulid()))
    half_done = data.store.create("gone", "gone")
    (half_done / "bytes").write_bytes(b"x" * 100_000)
    # Later than the folder's marker: a marker that is younger than its removal is a newcomer's.
    now = datetime.now(UTC)
    data.removal(Removal(ulid(), "gone", half_done, RemovalState.INTENT, now, now))
    code, done = data.clean()
    assert code == 0, done
    assert set(done["removed"]) == {str(nameless), str(half_done)}
    assert done["bytes_freed"] >= 200_000
    assert not data.trash()
    assert not half_done.exists()
    assert data.removals() == []


def test_a_deletion_that_had_not_been_written_down_is_finished(data: DataFolder) -> None:
    profile = data.session("shop", desired=Desired.REMOVED)
    code, done = data.clean()
    assert (code, done["removed"]) == (0, [str(profile)])
    assert not profile.exists()
    assert not data.trash()


def test_an_unknown_folder_is_named_and_kept_until_a_person_names_it(data: DataFolder) -> None:
    known = data.session("shop")
    unknown = filled(data.store.root / "holiday")
    code, done = data.clean()
    assert code == 1
    assert [(one["path"], one["reason"], one["holders"]) for one in done["kept"]] == [
        (str(unknown), "unknown_folder", [])
    ]
    assert unknown.exists()
    code, done = data.clean("--session", "holiday")
    assert (code, done["removed"], done["kept"]) == (0, [str(unknown)], [])
    assert not unknown.exists()
    assert not data.trash()
    assert known.exists()


def test_a_session_s_own_profile_is_never_deleted_by_its_name(data: DataFolder) -> None:
    profile = data.session("shop")
    code, done = data.clean("--session", "shop")
    assert code == 1
    assert (done["kept"][0]["reason"], "sessions delete shop" in done["kept"][0]["message"]) == ("session_exists", True)
    assert profile.exists()


def test_a_link_among_the_profiles_is_refused(data: DataFolder, tmp_path: Path) -> None:
    precious = filled(tmp_path / "precious")
    (data.store.root / "holiday").symlink_to(precious)
    code, _ = data.clean("--session", "holiday")
    assert code == 0, "a link is no folder of ours: it is not even seen"
    assert (precious / "bytes").exists()


def test_a_stale_lock_of_another_host_is_cleared(data: DataFolder) -> None:
    lock = data.session("shop") / "SingletonLock"
    lock.symlink_to("otherhost-123")
    code, done = data.clean()
    assert (code, done["removed"]) == (0, [str(lock)])
    assert not lock.is_symlink()


def test_a_lock_goes_with_the_orphan_that_made_it(data: DataFolder) -> None:
    profile = data.session("shop")
    with launched(profile, BrowserKind.CHROMIUM) as browser:
        assert str((profile / "SingletonLock").readlink()) == f"{socket.gethostname()}-{browser.pid}"
        browser.orphan()
        code, _ = data.clean()
        assert code == 0
        assert not list(profile.glob("Singleton*"))


def test_a_dry_run_changes_nothing(data: DataFolder) -> None:
    profile = data.session("shop")
    (data.session("other") / "SingletonLock").symlink_to("otherhost-123")
    waiting = filled(data.store.trash.path_of(ulid()))
    with launched(profile) as browser:
        browser.orphan()
        elsewhere = data.contents(beside=profile)  # a living browser changes its own profile all the time
        code, done = data.clean("--dry-run")
        assert code == 0
        assert done["dry_run"] is True
        assert set(done["removed"]) == {str(waiting), str(data.store.root / "other" / "SingletonLock")}
        assert [one["pid"] for one in done["browsers_stopped"]] == [browser.pid]
        assert done["bytes_freed"] >= 100_000
        assert browser.is_untouched()
        assert data.contents(beside=profile) == elsewhere


def test_only_the_named_session_is_cleaned(data: DataFolder) -> None:
    with launched(data.session("shop")) as browser, launched(data.session("other")) as other:
        browser.orphan()
        other.orphan()
        assert [one["pid"] for one in data.clean("--session", "shop")[1]["browsers_stopped"]] == [browser.pid]
        assert other.is_untouched()


@pytest.fixture
def immutable(data: DataFolder) -> Iterator[Path]:
    """Return a folder in the trash that holds an immutable file."""
    if os.geteuid() != 0 or shutil.which("chattr") is None:
        pytest.skip("needs root and chattr")
    waiting = filled(data.store.trash.path_of(ulid()))
    subprocess.run(["chattr", "+i", str(waiting / "bytes")], check=True)
    yield waiting
    for left in data.store.root.rglob("bytes"):
        subprocess.run(["chattr", "-i", str(left)], check=True)


def test_what_will_not_go_is_named_with_its_reason_and_exit_code_1(data: DataFolder, immutable: Path) -> None:
    code, done = data.clean()
    assert code == 1
    assert [(one["path"], one["reason"]) for one in done["kept"]] == [(str(immutable), "immutable")]
    said = run("cleanup", "--data-dir", str(data.path))
    assert said.returncode == 1
    assert f"Kept {immutable}: immutable" in said.stdout
    subprocess.run(["chattr", "-i", str(immutable / "bytes")], check=True)
    assert data.clean()[0] == 0
    assert not data.trash()


def test_a_folder_without_anything_of_ours_is_left_as_it_is(tmp_path: Path) -> None:
    done = run("cleanup", "--data-dir", str(tmp_path / "nowhere"), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["removed"] == []
    assert "nothing of Tuntas" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_nothing_to_do_is_said(data: DataFolder) -> None:
    done = run("cleanup", "--data-dir", str(data.path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing is left over" in done.stdout
