"""Removals on file systems where an open file stands in the way, held by a process that is not ours."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from support.journal import FileJournal
from support.share_modes import HOLDER, Rule, share_modes
from tuntas.foundation import tasks
from tuntas.foundation.clock import SystemClock
from tuntas.profiles import ProfileStore, Reason, Removal, RemovalSettings, RemovalState, Remover, safe_delete_directory

QUICK = RemovalSettings(
    attempts=2, delay_seconds=0.02, first_retry_seconds=0.05, retry_ceiling_seconds=0.4, look_again_seconds=0.05
)
PATIENT = replace(QUICK, first_retry_seconds=600.0, retry_ceiling_seconds=600.0)
FILE = "Default/Cookies"
HOLD_SECONDS = 2.0


class Holder:
    """A foreign process with a file open."""

    def __init__(self, file: Path, seconds: float) -> None:
        command = [sys.executable, "-c", HOLDER, str(file), str(seconds)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def released_at(self) -> float:
        """Return when it let go; it must have, or be about to."""
        assert self.process.stdout is not None
        return float(self.process.stdout.readline())

    def release(self) -> float:
        """Have it let go now, and return when it did."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.released_at()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


Hold = Callable[..., Holder]


@pytest.fixture
def hold() -> Iterator[Hold]:
    started: list[Holder] = []

    def start(file: Path, seconds: float = 600.0) -> Holder:
        started.append(Holder(file, seconds))
        return started[-1]

    yield start
    for holder in started:
        holder.end()


class House:
    """A store on a file system with share modes, a remover, and what it told."""

    def __init__(self, profiles: Path, journal: Path, settings: RemovalSettings) -> None:
        self.store = ProfileStore(profiles)
        self.store.prepare()
        self.seen: list[Removal] = []
        self._changed = asyncio.Event()
        self.remover = Remover(self.store, FileJournal(journal), SystemClock(), settings, self._take_note)

    def _take_note(self, removal: Removal) -> None:
        self.seen.append(removal)
        self._changed.set()

    def profile(self) -> Path:
        path = self.store.create(self.store.folder_for("ani"), "ani")
        (path / "Default" / "IndexedDB").mkdir(parents=True)
        for name in ("Cookies", "History", "IndexedDB/000003.log"):
            (path / "Default" / name).write_bytes(b"x" * 1000)
        return path

    async def until(self, is_so: Callable[[Removal], bool]) -> Removal:
        """Return the first change, told or to come, of which ``is_so`` holds."""
        async with asyncio.timeout(30):
            while True:
                self._changed.clear()
                if found := next(filter(is_so, self.seen), None):
                    return found
                await self._changed.wait()

    @asynccontextmanager
    async def in_background(self) -> AsyncIterator[None]:
        task = tasks.spawn(self.remover.run(), name="remover")
        try:
            yield
        finally:
            await tasks.end(task)


def told(folder: Path, rule: Rule, story: Callable[[House], Awaitable[None]], settings: RemovalSettings) -> None:
    async def tell(served: Path) -> None:
        await story(House(served / "profiles", folder / "journal", settings))

    with share_modes(folder / "disk", folder / "served", rule) as served:
        asyncio.run(tell(served))


def is_stuck(removal: Removal) -> bool:
    return removal.state is RemovalState.STUCK


def is_purged(removal: Removal) -> bool:
    return removal.state is RemovalState.PURGED


def assert_names(removal: Removal, holder: Holder) -> None:
    assert removal.reason is Reason.IN_USE, removal
    (held,) = removal.holders
    assert (held.pid, held.how) == (holder.pid, "open file")
    assert held.name.startswith("python")
    assert removal.message is not None


def test_a_file_that_is_held_for_two_seconds_is_waited_for(tmp_path: Path, hold: Hold) -> None:
    settings = replace(QUICK, attempts=20, delay_seconds=0.4)

    async def story(house: House) -> None:
        path = house.profile()
        asked_at = time.monotonic()
        holder = hold(path / FILE, HOLD_SECONDS)
        async with house.in_background():
            removal = await house.remover.remove("ani", path)
            answered_at = time.monotonic()
            released_at = holder.released_at()
            assert removal.state is RemovalState.QUARANTINED, removal
            assert released_at - asked_at >= HOLD_SECONDS
            # A pause between two attempts is up to half as long again; the rest is room for a busy machine.
            assert 0 < answered_at - released_at < 1.5 * settings.delay_seconds + 0.5
            failed = [one for one in house.seen if one.attempts and one.trash_path is None]
            assert len(failed) >= 3
            for one in failed:
                assert_names(one, holder)
                assert one.message == f"Cleanup attempt {one.attempts}/20 for session ani"
            await house.until(is_purged)
        assert not path.exists()
        assert house.store.trash.entries() == []

    told(tmp_path, Rule.FOLDERS, story, settings)


def test_a_caller_who_waits_is_answered_as_soon_as_somebody_says_that_the_file_is_free(
    tmp_path: Path, hold: Hold
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        holder = hold(path / FILE)
        asked = tasks.spawn(house.remover.remove("ani", path), name="remove")
        await house.until(lambda one: one.attempts == 1)
        holder.release()
        house.remover.wake()
        async with asyncio.timeout(20):
            assert (await asked).state is RemovalState.QUARANTINED

    told(tmp_path, Rule.FOLDERS, story, replace(PATIENT, delay_seconds=600.0))


def test_a_profile_that_is_held_for_ever_is_listed_and_its_name_is_usable_and_it_goes_once_it_is_free(
    tmp_path: Path, hold: Hold
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        holder = hold(path / FILE)
        async with house.in_background():
            removal = await house.remover.remove("ani", path)
            assert is_stuck(removal)
            assert_names(removal, holder)
            assert f"(pid {holder.pid}, open file {path / FILE})" in (removal.message or "")
            assert [one.id for one in house.remover.open_removals()] == [removal.id]
            fresh = house.profile()
            assert fresh != path
            await house.until(lambda one: one.attempts >= 6)
            released_at = holder.release()
            await house.until(is_purged)
            took = time.monotonic() - released_at
        # Two waits at most: for the take-away, and for the purge's turn.
        assert took < 1.5 * QUICK.retry_ceiling_seconds + 0.5, took
        assert not path.exists()
        assert (fresh / FILE).exists()
        assert house.store.folder_for("ani") == "ani"
        assert house.store.trash.entries() == []

    told(tmp_path, Rule.FOLDERS, story, QUICK)


@pytest.mark.parametrize(("rule", "left"), [(Rule.FILES, "Cookies"), (Rule.SILLY_RENAME, ".fuse_hidden")])
def test_a_file_that_is_held_in_the_trash_frees_the_name_at_once_and_goes_when_it_is_closed(
    tmp_path: Path, hold: Hold, rule: Rule, left: str
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        holder = hold(path / FILE)
        removal = await house.remover.remove("ani", path)
        assert removal.trash_path is not None
        assert house.store.folder_for("ani") == "ani"
        async with house.in_background():
            stuck = await house.until(is_stuck)
            assert_names(stuck, holder)
            (folder,) = (one for one in removal.trash_path.iterdir() if one.is_dir())
            (remnant,) = folder.iterdir()
            assert remnant.name.startswith(left)
            await house.until(lambda one: one.attempts >= 5)
            released_at = holder.release()
            await house.until(is_purged)
            took = time.monotonic() - released_at
        assert took < 1.5 * QUICK.retry_ceiling_seconds + 0.5, took
        assert house.store.trash.entries() == []

    told(tmp_path, rule, story, QUICK)


@pytest.mark.parametrize("rule", list(Rule))
def test_one_that_is_held_delays_no_other(tmp_path: Path, hold: Hold, rule: Rule) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        hold(path / FILE)
        await house.remover.remove("ani", path)
        async with house.in_background():
            await house.until(is_stuck)
            other = house.store.create("budi", "budi")
            (other / "file").write_text("x")
            assert (await house.remover.remove("budi", other)).state is RemovalState.QUARANTINED
            assert (await house.until(is_purged)).session == "budi"
        assert [one.session for one in house.remover.open_removals()] == ["ani"]

    told(tmp_path, rule, story, replace(PATIENT, attempts=1))


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule is not Rule.CASE_BLIND])
def test_a_script_that_deletes_a_held_folder_is_told_by_whom_and_succeeds_when_it_is_free(
    tmp_path: Path, hold: Hold, rule: Rule
) -> None:
    with share_modes(tmp_path / "disk", tmp_path / "served", rule) as served:
        path = served / "session-ani"
        (path / FILE).parent.mkdir(parents=True)
        (path / FILE).write_text("cookies")
        holder = hold(path / FILE)
        result = safe_delete_directory(path, delay=0.01)
        assert not result
        assert (result.attempts, [one.pid for one in result.holders]) == (3, [holder.pid])
        assert f"pid {holder.pid}" in (result.message or "")
        (left,) = result.remaining
        assert left.exists()
        holder.release()
        assert safe_delete_directory(path, delay=0.01)
        assert list(served.iterdir()) == []
