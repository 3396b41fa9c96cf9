"""The whole of a removal against real files, real processes and real faults of this machine's kernel."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.journal import FileJournal
from tuntas.foundation import tasks
from tuntas.foundation.clock import SystemClock
from tuntas.profiles import RefusedPath, marker
from tuntas.profiles.model import Reason, Removal, RemovalState
from tuntas.profiles.removal import Remover
from tuntas.profiles.settings import RemovalSettings
from tuntas.profiles.store import ProfileStore

QUICK = RemovalSettings(
    delay_seconds=0.02, first_retry_seconds=0.05, retry_ceiling_seconds=0.2, look_again_seconds=0.05
)
PATIENT = replace(QUICK, first_retry_seconds=600.0, retry_ceiling_seconds=600.0)


class House:
    """A store, a journal and a remover, and a way to wait for what happens."""

    def __init__(self, folder: Path, settings: RemovalSettings = QUICK, journal: FileJournal | None = None) -> None:
        self.store = ProfileStore(folder / "profiles")
        self.journal = journal or FileJournal(folder / "journal")
        self.seen: list[Removal] = []
        self._changed = asyncio.Event()
        self.remover = Remover(self.store, self.journal, SystemClock(), settings, self._take_note)
        self.store.prepare()

    def _take_note(self, removal: Removal) -> None:
        self.seen.append(removal)
        self._changed.set()

    def profile(self, session: str = "ani", files: int = 5) -> Path:
        path = self.store.create(session, session)
        for number in range(files):
            folder = path / "Default" / f"{number % 10}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"file-{number}").write_bytes(b"x" * 100)
        return path

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    async def until_all_purged(self) -> None:
        await self.until(lambda: not self.remover.open_removals())

    def last(self) -> Removal:
        return self.seen[-1]

    @asynccontextmanager
    async def in_background(self) -> AsyncIterator[None]:
        task = tasks.spawn(self.remover.run(), name="remover")
        try:
            yield
        finally:
            await tasks.end(task)


def in_house(folder: Path, story: Callable[[House], Awaitable[None]], settings: RemovalSettings = QUICK) -> House:
    async def tell() -> House:
        house = House(folder, settings)
        await story(house)
        return house

    return asyncio.run(tell())


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code in another process; it is returned once it has printed a line."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def immutable(tmp_path: Path) -> Iterator[Callable[[Path], Callable[[], None]]]:
    """Make a file or folder immutable; what is returned makes it mutable again, wherever it is by then."""
    made: list[int] = []

    def make(path: Path) -> Callable[[], None]:
        inode = path.stat().st_ino
        try:
            set_attribute(path, IMMUTABLE)
        except OSError as error:
            pytest.skip(f"this file system or user cannot make files immutable (chattr +i): {error}")
        made.append(inode)
        return lambda: free(inode)

    def free(inode: int) -> None:
        # Looked for anew: it may have been renamed, and to keep it open would be to hold it.
        for path in [tmp_path, *tmp_path.rglob("*")]:
            with suppress(FileNotFoundError):
                if path.lstat().st_ino == inode:
                    set_attribute(path, 0)

    yield make
    for inode in made:
        free(inode)


IMMUTABLE = 0x10


def set_attribute(path: Path, wanted: int) -> None:
    """What chattr +i and -i do. See ioctl_iflags(2)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flags = int.from_bytes(fcntl.ioctl(descriptor, 0x80086601, bytes(8))[:4], sys.byteorder)
        changed = flags & ~IMMUTABLE | wanted
        fcntl.ioctl(descriptor, 0x40086602, changed.to_bytes(8, sys.byteorder))
    finally:
        os.close(descriptor)


def test_a_profile_is_quarantined_at_once_and_purged_in_the_background(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        path = house.profile(files=10_000)
        removal = await house.remover.remove("ani", path)
        assert removal.state is RemovalState.QUARANTINED
        assert not path.exists()
        assert removal.trash_path is not None
        assert removal.trash_path.exists()
        assert house.store.folder_for("ani") == "ani"
        async with house.in_background():
            await house.until_all_purged()
        assert house.store.trash.entries() == []

    house = in_house(tmp_path, story)
    states = [removal.state for removal in house.seen]
    assert states[0] is RemovalState.INTENT
    assert states[-1] is RemovalState.PURGED
    assert house.last().size_bytes is not None
    assert asyncio.run(house.journal.unfinished()) == []


def test_the_intent_is_in_the_journal_before_anything_is_touched(tmp_path: Path) -> None:
    class FullDisk(FileJournal):
        async def put(self, removal: Removal) -> None:
            raise OSError(28, "No space left on device")

    async def story() -> None:
        house = House(tmp_path, journal=FullDisk(tmp_path / "journal"))
        path = house.profile()
        with pytest.raises(OSError, match="No space"):
            await house.remover.remove("ani", path)
        assert (path / marker.NAME).exists()
        assert house.remover.open_removals() == ()

    asyncio.run(story())


def test_a_journal_that_fails_for_a_while_delays_only_what_is_written(tmp_path: Path) -> None:
    class Flaky(FileJournal):
        failures = 0

        async def put(self, removal: Removal) -> None:
            if removal.state is RemovalState.PURGED and self.failures < 3:
                self.failures += 1
                raise OSError(28, "No space left on device")
            await super().put(removal)

    async def story() -> None:
        journal = Flaky(tmp_path / "journal")
        house = House(tmp_path, journal=journal)
        await house.remover.remove("ani", house.profile("ani"))
        await house.remover.remove("budi", house.profile("budi"))
        async with house.in_background():
            await house.until(lambda: sum(one.state is RemovalState.PURGED for one in house.seen) == 2)
        assert journal.failures == 3
        assert await journal.unfinished() == []

    asyncio.run(story())


def test_what_the_journal_does_not_take_is_tried_again_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    failed_at: list[float] = []

    class Flaky(FileJournal):
        async def put(self, removal: Removal) -> None:
            if removal.state is RemovalState.PURGED and len(failed_at) < 3:
                failed_at.append(time.monotonic())
                raise OSError(28, "No space left on device")
            await super().put(removal)

    async def story() -> None:
        house = House(tmp_path, journal=Flaky(tmp_path / "journal"))
        await house.remover.remove("ani", house.profile("ani"))
        async with house.in_background():
            await house.until_all_purged()

    asyncio.run(story())
    first, second, third = failed_at
    # Half of each pause is random.
    assert second - first >= QUICK.first_retry_seconds / 2
    assert third - second >= QUICK.first_retry_seconds


def test_a_missing_folder_is_success(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        removal = await house.remover.remove("ani", house.store.path_of("ani"))
        assert removal.state is RemovalState.PURGED

    in_house(tmp_path, story)


def test_asking_again_gives_the_same_answer(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        answers: list[Removal] = []

        async def ask() -> None:
            answers.append(await house.remover.remove("ani", path))

        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(ask())
        await ask()
        assert {answer.id for answer in answers} == {house.remover.open_removals()[0].id}
        assert {answer.state for answer in answers} == {RemovalState.QUARANTINED}

    in_house(tmp_path, story)


def test_what_is_not_ours_is_refused_and_untouched(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        house.profile()
        outside = tmp_path / "outside"
        unmarked = house.store.root / "unmarked"
        for folder in (outside, unmarked):
            folder.mkdir()
            (folder / "photo").write_text("precious")
        link = house.store.root / "link"
        link.symlink_to(outside)
        for path in (outside, unmarked, link, house.store.root, house.store.trash.path, tmp_path, Path("/")):
            with pytest.raises(RefusedPath):
                await house.remover.remove("ani", path)
        assert (outside / "photo").exists()
        assert (unmarked / "photo").exists()
        assert house.seen == []
        removal = await house.remover.remove("x", unmarked, named_by_person=True)
        assert removal.state is RemovalState.QUARANTINED

    in_house(tmp_path, story)


def test_an_old_folder_that_is_stuck_never_blocks_its_name(
    tmp_path: Path, immutable: Callable[[Path], Callable[[], None]]
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        with capture_logs() as lines:
            removal = await house.remover.remove("ani", path)
        assert (removal.state, removal.reason, removal.attempts) == (RemovalState.STUCK, Reason.IMMUTABLE, 3)
        assert removal.next_attempt_at is not None
        assert removal.message is not None
        assert removal.message.startswith("Session ani files may not be fully deleted. Manual cleanup may be required.")
        assert "tuntas cleanup --session ani" in removal.message
        said = [line["event"] for line in lines]
        assert [f"Cleanup attempt {number}/3 for session ani" for number in (1, 2, 3)] == said[:3]
        assert said[3] == "Session ani files may not be fully deleted. Manual cleanup may be required."

        fresh = house.store.create(house.store.folder_for("ani"), "ani")
        assert fresh != path
        async with house.in_background():
            free()
            house.remover.wake()
            await house.until_all_purged()
        assert not path.exists()
        assert (fresh / marker.NAME).exists()
        assert house.store.folder_for("ani") == "ani"

    in_house(tmp_path, story, PATIENT)


def test_an_immutable_file_is_named_and_purged_once_it_is_freed(
    tmp_path: Path, immutable: Callable[[Path], Callable[[], None]]
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path / "Default" / "1" / "file-1")
        removal = await house.remover.remove("ani", path)
        assert removal.state is RemovalState.QUARANTINED
        async with house.in_background():
            await house.until(lambda: house.last().state is RemovalState.STUCK)
            assert house.last().reason is Reason.IMMUTABLE
            assert house.last().trash_path is not None
            assert house.store.folder_for("ani") == "ani"
            free()
            house.remover.wake()
            await house.until_all_purged()

    in_house(tmp_path, story, PATIENT)


def test_a_stuck_removal_is_retried_without_being_asked(
    tmp_path: Path, immutable: Callable[[Path], Callable[[], None]]
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path / "Default" / "1" / "file-1")
        await house.remover.remove("ani", path)
        async with house.in_background():
            await house.until(lambda: house.last().attempts >= 5)
            free()
            await house.until_all_purged()

    in_house(tmp_path, story)


def test_one_that_is_stuck_delays_no_other(tmp_path: Path, immutable: Callable[[Path], Callable[[], None]]) -> None:
    async def story(house: House) -> None:
        stuck = house.profile("ani")
        immutable(stuck / "Default" / "1" / "file-1")
        await house.remover.remove("ani", stuck)
        async with house.in_background():
            await house.until(lambda: house.last().state is RemovalState.STUCK)
            await house.remover.remove("budi", house.profile("budi"))
            await house.until(lambda: (house.last().session, house.last().state) == ("budi", RemovalState.PURGED))
        assert [removal.session for removal in house.remover.open_removals()] == ["ani"]

    in_house(tmp_path, story, PATIENT)


def test_a_cancelled_call_is_finished_by_the_background(
    tmp_path: Path, immutable: Callable[[Path], Callable[[], None]]
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        asked = tasks.spawn(house.remover.remove("ani", path), name="remove")
        await house.until(lambda: any(removal.attempts == 1 for removal in house.seen))
        await tasks.end(asked)
        assert asked.cancelled()
        free()
        async with house.in_background():
            await house.until_all_purged()
        assert not path.exists()

    in_house(tmp_path, story, replace(PATIENT, delay_seconds=600.0))


def test_waking_ends_the_wait_between_two_attempts(
    tmp_path: Path, immutable: Callable[[Path], Callable[[], None]]
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        asked = tasks.spawn(house.remover.remove("ani", path), name="remove")
        await house.until(lambda: any(removal.attempts == 1 for removal in house.seen))
        free()
        house.remover.wake()
        async with asyncio.timeout(20):
            assert (await asked).state is RemovalState.QUARANTINED

    in_house(tmp_path, story, replace(PATIENT, delay_seconds=600.0))


WRITER = """
import os, sys
path = sys.argv[1]
print("ready", flush=True)
number = 0
while True:
    number += 1
    try:
        os.makedirs(path + "/Default/Cache", exist_ok=True)
        with open(f"{path}/Default/Cache/{number % 200}", "w") as file:
            file.write("x" * 100)
    except OSError:
        pass
"""


def times_it_came_back(lines: Sequence[Mapping[str, Any]]) -> list[int]:
    return [line["times"] for line in lines if line["event"] == "profile_came_back"]


def test_a_process_that_makes_its_files_again_is_reported_and_loses(
    tmp_path: Path, child: Callable[..., subprocess.Popen[str]]
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        writer = child(WRITER, path)
        removal = await house.remover.remove("ani", path)
        assert removal.state is RemovalState.QUARANTINED
        with capture_logs() as lines:
            async with house.in_background():
                # Taken away, back again, taken away again: as often as it likes, and counted.
                await house.until(lambda: 2 in times_it_came_back(lines))
                writer.kill()
                writer.wait()
                await house.until(lambda: not path.exists() and not house.remover.open_removals())
        assert times_it_came_back(lines)[0] == 1
        assert house.store.trash.entries() == []

    in_house(tmp_path, story)


def test_what_came_back_during_a_purge_is_seen_when_the_purge_is_done(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        await house.remover.remove("ani", path)
        (path / "Default").mkdir(parents=True)
        async with house.in_background():
            await house.until(lambda: len({one.id for one in house.seen if one.trash_path}) == 2)
            await house.until(lambda: not path.exists() and not house.remover.open_removals())

    # The other look is long after.
    in_house(tmp_path, story, replace(QUICK, look_again_seconds=600.0))


def test_a_new_session_of_the_same_name_is_never_taken_for_a_return(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        async with house.in_background():
            for _ in range(20):
                path = house.profile("ani")
                removal = await house.remover.remove("ani", path)
                assert removal.state is RemovalState.QUARANTINED
            path = house.profile("ani")
            await house.until_all_purged()
            # Both looks at the old place lie behind us when the purge of a later removal is done.
            await house.remover.remove("budi", house.profile("budi"))
            await house.until_all_purged()
        assert (path / marker.NAME).exists()
        assert {one.session for one in house.seen} == {"ani", "budi"}

    in_house(tmp_path, story)


HOLDER = """
import os, sys
file = open(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
"""


def test_what_a_foreign_process_still_has_open_is_not_called_gone_until_it_lets_go(
    tmp_path: Path, child: Callable[..., subprocess.Popen[str]]
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        holder = child(HOLDER, path / "Default" / "1" / "file-1")
        removal = await house.remover.remove("ani", path)
        assert (removal.state, removal.reason) == (RemovalState.QUARANTINED, Reason.IN_USE)
        assert removal.is_held
        assert [one.pid for one in removal.holders] == [holder.pid]
        assert f"(pid {holder.pid}, open file" in (removal.message or "")
        assert house.store.folder_for("ani") == "ani"
        async with house.in_background():
            await house.until(lambda: house.last().state is RemovalState.STUCK)
            last = house.last()
            assert [one.pid for one in last.holders] == [holder.pid]
            assert "1 deleted files are still open" in (last.message or "")
            assert house.store.trash.entries() == []
            holder.kill()
            await house.until_all_purged()
        assert house.last().holders == ()

    in_house(tmp_path, story)


def test_a_path_that_a_foreign_command_line_names_is_given_to_nobody_until_the_end(
    tmp_path: Path, child: Callable[..., subprocess.Popen[str]]
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        browser = child("import sys; print('ready', flush=True); sys.stdin.read()", f"--user-data-dir={path}")
        removal = await house.remover.remove("ani", path)
        assert [(one.pid, one.how) for one in removal.holders] == [(browser.pid, "command line")]
        assert house.store.folder_for("ani") != "ani"
        async with house.in_background():
            await house.until(lambda: house.last().state is RemovalState.STUCK)
            assert house.store.trash.entries() == []
            assert house.store.folder_for("ani") != "ani"
            next_life = House(tmp_path)
            await next_life.remover.resume()
            assert next_life.store.folder_for("ani") != "ani"
            browser.kill()
            await house.until_all_purged()
        assert house.store.folder_for("ani") == "ani"

    in_house(tmp_path, story)


def test_what_lies_in_the_trash_without_a_record_is_purged(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        house.profile("ani").rename(house.store.trash.path / "anything")
        (house.store.trash.path / "a-file").write_text("x")
        async with house.in_background():
            await house.until(lambda: len(house.seen) > 0)
            await house.until_all_purged()
        assert house.store.trash.entries() == []
        assert {one.session for one in house.seen} == {"ani", "a-file"}

    in_house(tmp_path, story)


def test_a_sweep_does_what_the_background_would(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.remover.remove("ani", house.profile())
        assert await house.remover.sweep() == ()
        assert house.store.trash.entries() == []

    in_house(tmp_path, story)


def test_a_removal_resumed_after_its_folder_was_replaced_spares_the_newcomer(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        now = SystemClock().now()
        # An intent from an hour ago; meanwhile a person has deleted the folder, and a session has made a new one.
        old = Removal("0" * 26, "ani", path, RemovalState.INTENT, now - timedelta(hours=1), now - timedelta(hours=1))
        await house.journal.put(old)
        async with house.in_background():
            await house.until_all_purged()
            await house.until(lambda: any(one.state is RemovalState.PURGED for one in house.seen))
        assert (path / marker.NAME).exists()

    in_house(tmp_path, story)


def test_a_rename_that_a_power_cut_has_undone_is_done_again(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        removal = await house.remover.remove("ani", path)
        assert removal.trash_path is not None
        removal.trash_path.rename(path)
        again = House(tmp_path)
        async with again.in_background():
            await again.until(lambda: any(one.state is RemovalState.PURGED for one in again.seen))
        assert not path.exists()
        assert again.store.trash.entries() == []

    in_house(tmp_path, story)


# -- A death between any two steps --

LIFE = """
import asyncio, sys
from pathlib import Path
from typing import Any
from support.journal import FileJournal
from tuntas.foundation.clock import SystemClock
from tuntas.profiles.removal import Remover
from tuntas.profiles.settings import RemovalSettings
from tuntas.profiles.store import ProfileStore

async def live(folder, act):
    store = ProfileStore(folder / "profiles")
    remover = Remover(store, FileJournal(folder / "journal"), SystemClock(), RemovalSettings())
    await remover.resume()
    if act == "remove":
        await remover.remove("ani", store.path_of("ani"))
    assert await remover.sweep() == ()

asyncio.run(live(Path(sys.argv[1]), sys.argv[2]))
"""


def live(folder: Path, act: str, kill_at: str = "") -> int:
    environment = {
        **os.environ,
        "TUNTAS_KILL_AT": kill_at,
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    done = subprocess.run([sys.executable, "-c", LIFE, folder, act], env=environment, timeout=60, check=False)
    return done.returncode


@pytest.mark.parametrize(
    "step",
    ["removal.intent", "removal.renamed", "removal.quarantined", "purge.during", "purge.done", "removal.recorded"],
)
def test_a_death_at_any_step_is_finished_by_the_next_life(tmp_path: Path, step: str) -> None:
    house = House(tmp_path)
    path = house.profile(files=200)
    neighbour = house.profile("budi")
    assert live(tmp_path, "remove", kill_at=step) == -9
    assert live(tmp_path, "resume") == 0
    assert not path.exists()
    assert house.store.trash.entries() == []
    assert (neighbour / marker.NAME).exists()
    assert asyncio.run(house.journal.unfinished()) == []
    assert [removal.state for removal in house.journal.all()] == [RemovalState.PURGED]


def test_a_death_at_every_step_in_turn_still_comes_to_an_end(tmp_path: Path) -> None:
    house = House(tmp_path)
    path = house.profile(files=200)
    for step in ("removal.intent", "removal.renamed", "removal.quarantined", "purge.during", "purge.done"):
        assert live(tmp_path, "remove", kill_at=step) in {-9, 0}
    assert live(tmp_path, "resume") == 0
    assert not path.exists()
    assert house.store.trash.entries() == []
