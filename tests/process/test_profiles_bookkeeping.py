"""What a remover keeps in mind: names that are not free, one answer for many calls, turns that are due, not before."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from process.test_profiles_removal import PATIENT, QUICK, House, immutable, in_house
from tuntas.foundation.clock import SystemClock
from tuntas.profiles import ProfileStore, Remover, marker
from tuntas.profiles.model import Reason, RemovalState

__all__ = ["immutable"]  # a fixture

Immutable = Callable[[Path], Callable[[], None]]


def put_into_the_trash(house: House, name: str = "somebody-s") -> Path:
    stray = house.store.trash.path / name
    stray.mkdir()
    (stray / "file").touch()
    return stray


def test_the_name_of_a_removal_that_is_not_done_is_not_given_away_even_when_its_folder_is_gone(
    tmp_path: Path, immutable: Immutable
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        assert (await house.remover.remove("ani", path)).state is RemovalState.STUCK
        free()
        shutil.rmtree(path)  # by hand, while the removal is still on record
        assert house.store.folder_for("ani") != "ani"
        assert await house.remover.sweep() == ()
        assert house.store.folder_for("ani") == "ani"

    in_house(tmp_path, story, PATIENT)


def test_a_missing_folder_leaves_neither_a_removal_nor_a_reserved_name(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        done = await house.remover.remove("ani", house.store.root / "ani")
        assert done.state is RemovalState.PURGED
        assert house.remover.open_removals() == ()
        assert house.store.folder_for("ani") == "ani"

    in_house(tmp_path, story)


def test_a_path_is_one_path_however_it_is_written(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        (tmp_path / "link").symlink_to(house.store.root)
        done = await house.remover.remove("ani", tmp_path / "link" / "ani")
        assert (done.path, done.state) == (path, RemovalState.QUARANTINED)

    in_house(tmp_path, story)


def test_who_asks_during_a_removal_gets_its_answer_and_no_second_round(tmp_path: Path, immutable: Immutable) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        first, second = await asyncio.gather(*(house.remover.remove("ani", path) for _ in range(2)))  # noqa: TID251
        assert first == second
        assert (first.state, first.attempts) == (RemovalState.STUCK, QUICK.attempts)
        free()

    in_house(tmp_path, story, PATIENT)


def test_between_two_attempts_there_is_a_pause(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        (house.store.trash.path).rmdir()
        house.store.trash.path.touch()  # a rename cannot reach it, and the next attempt may
        begun = time.monotonic()
        done = await house.remover.remove("ani", path)
        assert done.state is RemovalState.STUCK
        assert time.monotonic() - begun >= 0.3 * (house.remover._settings.attempts - 1)
        house.store.trash.path.unlink()

    async def resumed(house: House) -> None:
        await house.remover.resume()
        await story(house)

    in_house(tmp_path, resumed, replace(PATIENT, delay_seconds=0.3))


def test_what_is_renamed_away_with_nobody_in_it_has_no_trouble_to_tell(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        done = await house.remover.remove("ani", house.profile())
        assert (done.state, done.reason, done.message, done.holders) == (RemovalState.QUARANTINED, None, None, ())

    in_house(tmp_path, story)


def test_after_its_attempts_a_stuck_removal_waits_for_its_time(tmp_path: Path, immutable: Immutable) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        await house.remover.remove("ani", path)
        entry = house.remover._ledger.at(path)
        assert entry is not None
        assert entry.due is not None
        assert entry.due > time.monotonic() + 100
        free()

    in_house(tmp_path, story, PATIENT)


def test_the_background_leaves_what_is_due_later_until_then(tmp_path: Path, immutable: Immutable) -> None:
    async def story(house: House) -> None:
        path = house.profile("ani")
        free = immutable(path)
        async with house.in_background():
            stuck = await house.remover.remove("ani", path)
            for other in ("budi", "citra"):
                await house.remover.remove(other, house.profile(other))
                await house.until(lambda: [one.session for one in house.remover.open_removals()] == ["ani"])
            assert house.remover.open_removals() == (stuck,)
        free()

    in_house(tmp_path, story, PATIENT)


def test_what_the_background_had_begun_when_it_was_ended_is_due_for_whoever_comes_next(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        path = house.profile(files=3_000)
        async with house.in_background():
            await house.remover.remove("ani", path)
            await house.until(lambda: house.last().size_bytes is not None)  # its purge has begun
        assert await house.remover.sweep() == ()
        assert list(house.store.trash.path.iterdir()) == []

    in_house(tmp_path, story)


def test_the_background_tries_as_often_as_it_takes(tmp_path: Path, immutable: Immutable) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        async with house.in_background():
            stuck = await house.remover.remove("ani", path)
            await house.until(lambda: house.last().attempts >= stuck.attempts + 3)
            assert house.last().reason is Reason.IMMUTABLE
            free()
            await house.until_all_purged()
        assert not path.exists()

    in_house(tmp_path, story)


def test_a_sweep_does_not_wait_for_what_is_due_later(tmp_path: Path, immutable: Immutable) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        await house.remover.remove("ani", path)
        free()
        assert await house.remover.sweep() == ()
        assert not path.exists()

    in_house(tmp_path, story, PATIENT)


def test_what_came_into_the_trash_since_is_found_by_a_sweep_and_by_a_waking(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.remover.resume()
        first = put_into_the_trash(house)
        assert await house.remover.sweep() == ()
        assert not first.exists()
        async with house.in_background():
            await asyncio.sleep(0)  # it has begun, and finds nothing to do
            put_into_the_trash(house, "another-s")
            house.remover.wake()
            await house.until(lambda: house.last().session == "another-s" and house.last().state is RemovalState.PURGED)

    in_house(tmp_path, story, PATIENT)


@pytest.mark.parametrize("first", ["remove", "sweep", "run"])
def test_whatever_is_asked_first_the_last_life_s_removals_are_taken_up_once(
    tmp_path: Path, immutable: Immutable, first: str
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        stuck = await house.remover.remove("ani", path)
        later = House(tmp_path, PATIENT)
        free()
        if first == "remove":
            done = await later.remover.remove("ani", path)
            assert (done.id, done.state) == (stuck.id, RemovalState.QUARANTINED)
            await later.remover.resume()
            assert [removal.id for removal in later.remover.open_removals()] == [stuck.id]
        elif first == "sweep":
            assert await later.remover.sweep() == ()
        else:
            async with later.in_background():
                await later.until(lambda: bool(later.seen) and later.last().state is RemovalState.PURGED)
        assert not path.exists()

    in_house(tmp_path, story, PATIENT)


def test_a_store_that_nobody_has_prepared_is_prepared(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        store = ProfileStore(tmp_path / "another")
        await Remover(store, house.journal, SystemClock(), QUICK).resume()
        assert store.trash.path.is_dir()

    in_house(tmp_path, story)


def test_who_waits_for_a_removal_that_was_refused_gets_an_answer_of_its_own(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        missing = house.store.root / "ani"
        first, second = await asyncio.gather(*(house.remover.remove("ani", missing) for _ in range(2)))  # noqa: TID251
        assert (first.state, second.state) == (RemovalState.PURGED, RemovalState.PURGED)

    in_house(tmp_path, story)


def test_the_path_of_a_last_life_s_removal_is_not_given_away_even_when_its_folder_is_gone(
    tmp_path: Path, immutable: Immutable
) -> None:
    async def story(house: House) -> None:
        path = house.profile()
        free = immutable(path)
        await house.remover.remove("ani", path)
        later = House(tmp_path, PATIENT)
        await later.remover.resume()
        free()
        shutil.rmtree(path)
        assert later.store.folder_for("ani") != "ani"
        assert await later.remover.sweep() == ()
        assert later.store.folder_for("ani") == "ani"

    in_house(tmp_path, story, PATIENT)


def test_a_trash_that_cannot_be_listed_is_told_and_stops_nothing(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.remover.resume()
        house.store.trash.path.rmdir()
        house.store.trash.path.touch()
        with capture_logs() as lines:
            assert await house.remover.sweep() == ()
        assert "trash_not_listed" in [line["event"] for line in lines]

    in_house(tmp_path, story)


def test_what_lies_in_the_trash_with_a_marker_that_cannot_be_read_is_purged_under_its_own_name(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        (put_into_the_trash(house) / marker.NAME).mkdir()
        assert await house.remover.sweep() == ()
        assert {one.session for one in house.seen} == {"somebody-s"}
        assert house.store.trash.entries() == []

    in_house(tmp_path, story)
