"""What a cleanup finds and cannot do: it is said, with the reason and the holder, and never raised."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from support.journal import FileJournal
from tuntas.cleanup.cleaner import Cleaner
from tuntas.cleanup.leftovers import Doomed, FoundBrowser, Kept, Plan, Report, document, holder_of
from tuntas.cleanup.locks import clear_locks
from tuntas.cleanup.orphans import end_browser
from tuntas.cleanup.survey import CleanupCommand, Scene, survey
from tuntas.cleanup.web_js import NoSuchFolder, clean_web_js, survey_web_js
from tuntas.foundation.clock import SystemClock
from tuntas.processes import Member, ProcessIdentity, StopLimits, identify
from tuntas.processes.browsers import browsers_on
from tuntas.processes.process_table import row_of
from tuntas.processes.singleton import lock_in, names_other_host
from tuntas.profiles import Holder, ProfileStore, Removal, RemovalState, Remover

LEFTOVER = ".being-deleted-01hzy0000000000000000000ab"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a ``.wwebjs_auth`` with one session in it."""
    (tmp_path / ".wwebjs_auth/session-XX/Default").mkdir(parents=True)
    return tmp_path / ".wwebjs_auth"


@contextmanager
def process(*arguments: str | Path) -> Iterator[psutil.Process]:
    """Run Python until the block ends; it says when it is there."""
    script = (
        "import sys; file = open(sys.argv[1]) if sys.argv[1:] else None; print('here', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "here\n"
        yield psutil.Process(started.pid)


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    if os.geteuid() != 0 or shutil.which("chattr") is None:
        pytest.skip("needs root and chattr")
    done = subprocess.run(["chattr", "+i", path], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the file system has no such attribute: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


def test_a_lock_on_a_profile_in_use_is_kept_and_its_user_named(folder: Path) -> None:
    profile = folder / "session-XX"
    (profile / "SingletonLock").symlink_to("otherhost-1")
    (profile / "file").touch()
    with process(profile / "file") as user:
        removed, (kept,) = clear_locks([profile / "SingletonLock"])
        assert removed == []
        assert (kept.reason, [holder.pid for holder in kept.holders]) == ("in_use", [user.pid])
        assert lock_in(profile) == profile / "SingletonLock"
    assert clear_locks([profile / "SingletonLock"])[1] == []
    assert lock_in(profile) is None


def test_a_lock_that_the_disk_will_not_give_up_is_kept_with_its_reason(folder: Path) -> None:
    profile = folder / "session-XX"
    (profile / "SingletonLock").symlink_to("otherhost-1")
    with immutable(profile):
        _, (kept,) = clear_locks([profile / "SingletonLock"])
        assert kept.reason == "permission"
        assert "not permitted" in str(kept.message)


def test_a_lock_that_went_with_its_browser_is_gone(folder: Path) -> None:
    removed, kept = clear_locks([folder / "session-XX/SingletonLock"])
    assert ([one.session for one in removed], kept) == (["session-XX"], [])


def test_no_lock_and_one_of_this_host_are_nobody_else_s(folder: Path) -> None:
    profile = folder / "session-XX"
    assert not names_other_host(profile)
    (profile / "SingletonLock").symlink_to(f"{socket.gethostname()}-1")
    assert not names_other_host(profile)


def test_an_orphan_has_nobody_but_itself_to_name() -> None:
    identity = ProcessIdentity(4711, 1.0, 4711, "boot", Path("/profile"))
    orphan = FoundBrowser("XX", identity, 3)
    assert holder_of(orphan) == (Holder(4711, "browser", "command line", "/profile"),)
    assert Plan(browsers=(orphan,)).warnings() == []
    owned = FoundBrowser("XX", identity, 3, owner=Member(1, 1.0, "node"))
    assert [holder.name for holder in holder_of(owned)] == ["node", "browser"]
    assert "node (pid 1)" in Plan(browsers=(owned,)).warnings()[0]


def test_the_document_has_a_size_for_whatever_has_one() -> None:
    report = Report(
        removed=(Doomed("a", Path("/a"), 5), Doomed("b", Path("/b"), 0)),
        kept=(Kept(Path("/c"), "unknown_folder", used_bytes=7),),
    )
    assert document(report, dry_run=False, warnings=[])["sizes"] == {"/a": 5, "/c": 7}


@pytest.mark.parametrize("is_orphan", [True, False])
def test_an_ending_that_comes_too_late_ends_nobody(tmp_path: Path, is_orphan: bool) -> None:
    """The browser of the plan has ended meanwhile, and its pid may be anybody's now."""
    with process() as bystander:
        row = row_of(bystander.pid)
        assert row is not None
        then = ProcessIdentity(row.pid, row.create_time - 1, row.pid, identify(row.pid, tmp_path).boot_id, tmp_path)
        known = () if is_orphan else (Member(row.pid, row.create_time - 1, row.name),)
        assert not asyncio.run(_ended(FoundBrowser("XX", then, 1, known)))
        assert bystander.status() != psutil.STATUS_ZOMBIE


async def _ended(browser: FoundBrowser) -> bool:
    return await end_browser(browser, StopLimits())


def test_a_program_with_a_relative_profile_is_not_looked_at_and_one_that_is_no_chromium_is_no_browser(
    folder: Path,
) -> None:
    seen: list[Path] = []

    def is_ours(profile: Path) -> bool:
        seen.append(profile)
        return profile.parent in (folder, Path())

    absolute = f"--user-data-dir={folder}/session-XX"
    with process(os.devnull, "--user-data-dir=session-XX"), process(os.devnull, absolute):
        assert list(browsers_on(is_ours)) == []
    assert folder / "session-XX" in seen
    assert all(profile.is_absolute() for profile in seen)


def test_a_file_is_no_folder_of_sessions_and_says_what_to_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "missing"):
        with pytest.raises(NoSuchFolder, match="Name the folder that holds"):
            survey_web_js(path, CleanupCommand())


def test_what_cannot_be_deleted_is_named_with_its_size_and_place(folder: Path) -> None:
    (folder / f"session-old{LEFTOVER}/Default").mkdir(parents=True)
    precious = folder / f"session-old{LEFTOVER}/Default/Cookies"
    precious.write_bytes(b"x" * 10_000)
    with immutable(precious):
        told: list[str] = []
        report = asyncio.run(clean_web_js(survey_web_js(folder, CleanupCommand()), told.append))
        assert told == [f"Deleting session-old{LEFTOVER}"]
        (kept,) = report.kept
        assert (kept.path, kept.reason) == (folder / f"session-old{LEFTOVER}", "immutable")
        assert (report.removed, report.bytes_freed) == ((), 0)
    report = asyncio.run(clean_web_js(survey_web_js(folder, CleanupCommand())))
    assert [one.path.name for one in report.removed] == [f"session-old{LEFTOVER}"]
    assert report.bytes_freed >= 10_000


def test_a_folder_that_must_not_go_is_refused_at_the_last_moment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the plan and its execution somebody has made it his working directory."""
    (folder / f"session-old{LEFTOVER}").mkdir()
    for wish in (CleanupCommand(), CleanupCommand("XX")):
        plan = survey_web_js(folder, wish)
        (doomed,) = (*plan.folders, *plan.removals)
        with monkeypatch.context() as patch:
            patch.chdir(doomed.path)
            report = asyncio.run(clean_web_js(plan))
        assert [(kept.path, kept.reason) for kept in report.kept] == [(doomed.path, "refused")]
        assert doomed.path.is_dir()


def test_what_has_gone_by_itself_since_the_plan_is_gone(folder: Path) -> None:
    leftover = folder / f"session-old{LEFTOVER}"
    leftover.mkdir()
    plan = survey_web_js(folder, CleanupCommand())
    leftover.rmdir()
    assert asyncio.run(clean_web_js(plan)).kept == ()


class House:
    """A data folder's profiles and a cleaner of them, as a server has it or a terminal."""

    def __init__(self, folder: Path, known_folders: Callable[[], list[str]] = list) -> None:
        self.store = ProfileStore(folder / "profiles")
        self.store.prepare()
        self.remover = Remover(self.store, FileJournal(folder / "journal"), SystemClock())
        self.cleaner = Cleaner(self.store, self.remover, SystemClock(), known_folders=known_folders)

    def plan(self, session: str) -> Plan:
        return survey(Scene(self.store, [], [], None), CleanupCommand(session))


def test_a_removal_whose_last_byte_is_gone_is_nothing_to_clean_for_the_server_that_closes_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    now, trash_path = SystemClock().now(), house.store.trash.path_of("01hzy0000000000000000000ab")
    removal = Removal("1", "shop", house.store.root / "shop", RemovalState.QUARANTINED, now, now, trash_path)
    stuck = replace(removal, state=RemovalState.STUCK)

    def planned(removal: Removal, server_pid: int | None) -> list[Path]:
        plan = survey(Scene(house.store, [], [removal], server_pid), CleanupCommand())
        return [one.path for one in plan.removals]

    assert planned(removal, os.getpid()) == []
    assert planned(removal, None) == planned(stuck, os.getpid()) == [trash_path]
    trash_path.mkdir()
    assert planned(removal, os.getpid()) == [trash_path]


def test_a_child_that_was_just_forked_is_no_browser_of_its_own(tmp_path: Path) -> None:
    """Until it becomes a helper it has its parent's command line, and the parent would be taken for its owner."""
    shutil.copy("/bin/sh", tmp_path / "chrome")
    (tmp_path / "icudtl.dat").touch()
    script, profile = "(sleep 600; :) & echo ready; wait", f"--user-data-dir={tmp_path / 'shop'}"
    command = [str(tmp_path / "chrome"), "-c", script, "chrome", profile]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as main:
        assert main.stdout is not None
        assert main.stdout.readline() == "ready\n"
        try:
            (found,) = browsers_on(lambda profile: profile.parent == tmp_path)
            assert found.identity.pid == main.pid
        finally:
            for member in psutil.Process(main.pid).children(recursive=True):
                member.kill()
            main.kill()


def test_a_folder_that_a_session_was_given_meanwhile_is_spared(tmp_path: Path) -> None:
    house = House(tmp_path, lambda: ["shop"])
    profile = house.store.create("shop", "shop")
    report = asyncio.run(house.cleaner.perform(house.plan("shop")))
    assert [(kept.path, kept.reason) for kept in report.kept] == [(profile, "session_exists")]
    assert profile.is_dir()


def test_a_folder_that_is_being_written_to_is_not_called_gone(tmp_path: Path) -> None:
    """Somebody makes it again the moment that it is renamed away."""
    house = House(tmp_path)
    profile = house.store.create("shop", "shop")
    plan = house.plan("shop")
    sweep = house.remover.sweep

    async def sweep_and_somebody_writes() -> object:
        done = await sweep()
        profile.mkdir()
        return done

    house.remover.sweep = sweep_and_somebody_writes  # type: ignore[method-assign,assignment]
    report = asyncio.run(house.cleaner.perform(plan))
    assert [(kept.path, kept.reason) for kept in report.kept] == [(profile, "in_use")]
    assert "came back" in str(report.kept[0].message)
