"""A removal that nobody waits for: what an earlier life left, what is due, what fails, and what comes back."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from support.removing import BROWSER, EDITOR, PATIENT, Removing, play
from support.until import until
from tuntas.foundation import tasks
from tuntas.processes.holder import Holder
from tuntas.profiles import marker
from tuntas.profiles.model import Reason, Removal, RemovalState
from tuntas.profiles.os_errors import ErrorKind, Obstacle
from tuntas.profiles.reappearance import MEANINGFUL_SECONDS, Reappearance

BUSY = Obstacle(ErrorKind.STRUCTURAL, Reason.IN_USE, "Device or resource busy")
INTENT, QUARANTINED = RemovalState.INTENT, RemovalState.QUARANTINED
PURGED, STUCK = RemovalState.PURGED, RemovalState.STUCK


async def stuck(house: Removing, session: str = "ani") -> None:
    house.obstacles[session] = BUSY
    assert (await house.remover.remove(session, house.profile(session))).state is STUCK
    house.tries.clear()


def left_behind(house: Removing, state: RemovalState, *, holders: tuple[Holder, ...] = ()) -> Removal:
    """Leave what an earlier life was at."""
    path = house.profile()
    removal = Removal("1", "ani", path, state, house.clock.now(), house.clock.now(), holders=holders)
    if state is QUARANTINED:
        removal = replace(removal, trash_path=path.rename(house.store.trash.path_of("1")))
    house.journal.kept["1"] = removal
    return removal


# -- What an earlier life left --


@pytest.mark.parametrize("state", [INTENT, QUARANTINED])
def test_what_an_earlier_life_began_is_brought_to_its_end(tmp_path: Path, state: RemovalState) -> None:
    async def scene(house: Removing) -> None:
        path = left_behind(house, state).path
        async with house.in_background():
            await house.until(lambda: house.seen and house.seen[-1].state is PURGED)
        assert (path.exists(), house.store.trash.entries()) == (False, [])
        assert house.journal.states == [PURGED] if state is QUARANTINED else [QUARANTINED, PURGED]

    play(tmp_path, scene)


def test_the_path_of_an_unfinished_removal_is_kept_until_it_is_free(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        left_behind(house, INTENT).path.rename(house.store.path_of("elsewhere"))
        await house.remover.resume()
        assert house.store.folder_for("ani") != "ani"

    play(tmp_path, scene)


@pytest.mark.parametrize(("holders", "is_kept"), [((), False), ((EDITOR,), False), ((BROWSER,), True)])
def test_a_path_that_is_free_is_kept_only_if_a_command_line_names_it(
    tmp_path: Path, holders: tuple[Holder, ...], is_kept: bool
) -> None:
    async def scene(house: Removing) -> None:
        left_behind(house, QUARANTINED, holders=holders)
        await house.remover.resume()
        assert (house.store.folder_for("ani") != "ani") == is_kept

    play(tmp_path, scene)


def test_the_journal_is_read_once_however_many_ask(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(house.remover.resume())
        await house.remover.resume()
        assert house.journal.reads == 1
        assert house.store.trash.path.is_dir(), "it is made where it is missing"

    play(tmp_path, scene)


def test_a_removal_of_what_an_earlier_life_began_is_that_removal(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = left_behind(house, INTENT).path
        assert (await house.remover.remove("ani", path)).id == "1"

    play(tmp_path, scene)


@pytest.mark.parametrize("state", [INTENT, QUARANTINED])
def test_a_sweep_brings_to_its_end_what_an_earlier_life_began(tmp_path: Path, state: RemovalState) -> None:
    async def scene(house: Removing) -> None:
        left_behind(house, state)
        assert await house.remover.sweep() == ()
        assert (house.store.trash.entries(), await house.journal.unfinished()) == ([], [])

    play(tmp_path, scene)


# -- What lies in the trash without a record --


def put_in_trash(house: Removing) -> set[str]:
    """Put a marked folder there, an unmarked one, one whose marker is torn, one whose marker cannot be read, a file."""
    trash = house.store.trash.path
    house.profile("ani").rename(trash / "1")
    for name in ("2", "3", "4"):
        house.came_back(trash / name)
    (trash / "3" / marker.NAME).write_text("{")
    (trash / "4" / marker.NAME).mkdir()
    (trash / "5").write_text("x")
    return {"ani", "2", "3", "4", "5"}


def test_what_lies_in_the_trash_without_a_record_is_taken_in_and_purged(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        sessions = put_in_trash(house)
        await house.remover.resume()
        found = house.remover.open_removals()
        assert {one.session for one in found} == sessions
        assert {(one.state, one.trash_path) for one in found} == {(QUARANTINED, one.path) for one in found}
        async with house.in_background():
            await house.until_all_purged()
        assert house.store.trash.entries() == []

    play(tmp_path, scene)


def test_a_sweep_takes_in_what_came_into_the_trash_meanwhile(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await house.remover.resume()
        put_in_trash(house)
        assert await house.remover.sweep() == ()
        assert house.store.trash.entries() == []

    play(tmp_path, scene)


def test_a_waking_takes_in_what_came_into_the_trash_meanwhile_once(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        listed = count_listings(house)
        async with house.in_background():
            await until(lambda: listed)
            put_in_trash(house)
            house.remover.wake()
            await until(lambda: len(listed) == 2)
            await until(lambda: len(house.seen) == 10)
            await house.until_all_purged()
            await house.remover.remove("budi", house.profile("budi"))
            await house.until_all_purged()
        assert len(listed) == 2

    play(tmp_path, scene)


def count_listings(house: Removing) -> list[int]:
    """Return a list that grows with each look into the trash."""
    entries, listed = house.store.trash.entries, []

    def counted() -> list[Path]:
        listed.append(1)
        return entries()

    house.store.trash.entries = counted  # type: ignore[method-assign]
    return listed


def test_what_is_taken_away_while_the_trash_is_listed_is_not_taken_in_twice(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await house.remover.resume()
        path = house.store.trash.path / "1"
        path.write_text("x")
        now = house.clock.now()
        entries = house.store.trash.entries

        def listed() -> list[Path]:
            house.remover._ledger.open(Removal("1", "ani", path, QUARANTINED, now, now, trash_path=path))
            return entries()

        house.store.trash.entries = listed  # type: ignore[method-assign]
        await house.remover._adopt()
        assert len(house.remover.open_removals()) == 1

    play(tmp_path, scene)


def test_what_was_taken_away_is_not_read_again_with_each_look_into_the_trash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr("tuntas.profiles.removal.read_marker", read.append)

    async def scene(house: Removing) -> None:
        await house.remover.remove("ani", house.profile())
        house.came_back(house.store.trash.path / "unknown")
        await house.remover.sweep()
        assert [path.name for path in read] == ["unknown"]

    play(tmp_path, scene)


def test_a_trash_that_cannot_be_listed_stops_nothing(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.obstacles.clear()
        house.store.trash.path.rmdir()
        assert await house.remover.sweep() == ()

    play(tmp_path, scene)


# -- What is due, and when --


def test_a_sweep_tries_everything_once_whether_it_is_due_or_not(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house, "ani")
        await stuck(house, "budi")
        del house.obstacles["budi"]
        assert [(one.session, one.attempts) for one in await house.remover.sweep()] == [("ani", 2)]
        assert house.tries == ["ani", "budi"]
        del house.obstacles["ani"]
        assert await house.remover.sweep() == ()

    play(tmp_path, scene)


def test_a_sweep_leaves_alone_what_somebody_is_trying_to_remove(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.obstacles["ani"] = replace(BUSY, kind=ErrorKind.TRANSIENT)
        asked = tasks.spawn(house.remover.remove("ani", house.profile()), name="asked")
        await house.until_tried(1)
        assert [one.session for one in await house.remover.sweep()] == ["ani"]
        assert house.tries == ["ani"]
        await tasks.end(asked)

    play(tmp_path, scene)


def test_a_sweep_does_not_wait_for_a_turn_of_the_background(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        is_trying, may_go_on = threading.Event(), threading.Event()

        def wait() -> None:
            is_trying.set()
            assert may_go_on.wait(10)

        house.at_each_try = wait
        try:
            async with house.in_background():
                house.remover.wake()
                await tasks.blocking(is_trying.wait, 10)
                assert [one.session for one in await house.remover.sweep()] == ["ani"]
        finally:
            may_go_on.set()

    play(tmp_path, scene)


def test_what_is_stuck_is_tried_again_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        async with house.in_background():
            # Waits in real time for the hand that it sees, and looks at the clock again when it is rung.
            house.clock.seconds += PATIENT.first_retry_seconds - 0.5
            house.remover._ledger.ring()
            await house.remover.remove("budi", house.profile("budi"))
            await house.until(lambda: (house.seen[-1].session, house.seen[-1].state) == ("budi", PURGED))
            assert "ani" not in house.tries
            house.clock.seconds += 0.5
            house.remover._ledger.ring()
            await house.until(lambda: house.seen[-1].session == "ani")
            assert (house.seen[-1].state, house.seen[-1].attempts) == (STUCK, 2)
            assert house.entry().due == house.clock.seconds + PATIENT.first_retry_seconds

    play(tmp_path, scene)


def test_the_background_names_who_is_in_the_way(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.holders = (EDITOR,)
        (removal,) = await house.remover.sweep()
        assert (removal.reason, removal.holders) == (Reason.IN_USE, (EDITOR,))

    play(tmp_path, scene)


def test_a_waking_has_everything_tried_now(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        async with house.in_background():
            house.obstacles.clear()
            house.remover.wake()
            await house.until_all_purged()

    play(tmp_path, scene)


def test_a_waking_puts_nothing_off(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await house.remover.remove("ani", house.profile())
        was_due = house.entry().due
        house.clock.seconds += 10
        house.remover.wake()
        assert house.entry().due == was_due

    play(tmp_path, scene)


# -- What fails --


def test_what_the_journal_does_not_take_is_written_later_and_done_once(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        refused: list[RemovalState] = []

        def refuses(removal: Removal) -> bool:
            is_first = removal.state is not INTENT and removal.state not in refused
            if is_first:
                refused.append(removal.state)
            return is_first

        house.journal.refuses = refuses
        with pytest.raises(OSError, match="No space"):
            await house.remover.remove("ani", house.profile())
        assert house.open() == [("ani", QUARANTINED)]
        for _ in range(2):
            assert await house.remover.sweep() == (), "nothing is left of it, though that is not written yet"
        assert (refused, house.remover._ledger.entries()) == ([QUARANTINED, PURGED], [])
        assert house.journal.states == [INTENT, QUARANTINED, PURGED]

    play(tmp_path, scene)


def test_an_entry_that_fails_waits_longer_each_time_and_stops_no_other(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await house.remover.remove("ani", house.profile("ani"))
        await house.remover.remove("budi", house.profile("budi"))
        house.journal.refuses = lambda removal: removal.session == "ani"
        for pauses in (1, 2, 4):
            await house.remover.sweep()
            assert house.entry().due == house.clock.seconds + PATIENT.first_retry_seconds * pauses
        assert house.journal.states[-1] is PURGED

    play(tmp_path, scene)


def test_a_turn_that_is_cancelled_is_taken_again_by_the_next_run(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.obstacles.clear()
        is_trying, may_go_on = threading.Event(), threading.Event()

        def wait() -> None:
            is_trying.set()
            assert may_go_on.wait(10)

        house.at_each_try = wait
        async with house.in_background():
            house.remover.wake()
            await tasks.blocking(is_trying.wait, 10)
        may_go_on.set()
        async with house.in_background():
            await house.until_all_purged()

    play(tmp_path, scene)


def test_an_entry_has_one_turn_at_a_time(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.obstacles.clear()
        at_once: list[bool] = []
        house.at_each_try = lambda: at_once.append(house.entry().lock.locked())
        await house.remover.sweep()
        assert at_once == [True]

    play(tmp_path, scene)


# -- What comes back --


def looks(house: Removing) -> list[tuple[float, Reappearance]]:
    """Return when it will be looked at old places again: seconds from now, and the place."""
    return [(at - house.clock.seconds, place) for at, place in house.remover._reappearances._looks]


def test_an_old_place_is_looked_at_again_soon_and_when_the_purge_is_done(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        place = Reappearance(house.profile(), "ani", 0)
        await house.remover.remove("ani", place.path)
        assert looks(house) == [(PATIENT.look_again_seconds, place)]
        await house.remover.sweep()
        assert looks(house) == [(PATIENT.look_again_seconds, place), (0.0, place)]

    play(tmp_path, scene)


def test_the_background_looks_again_where_it_took_something_away(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.obstacles.clear()
        await house.remover.sweep()
        assert [seconds for seconds, _ in looks(house)] == [PATIENT.look_again_seconds, 0.0]

    play(tmp_path, scene)


def test_what_is_at_an_old_place_long_after_is_not_ours_to_judge(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await house.remover.remove("ani", house.profile())
        house.clock.seconds += MEANINGFUL_SECONDS
        await house.remover.sweep()
        left_behind(house, QUARANTINED)
        assert len(looks(house)) == 1

    play(tmp_path, scene)


def test_what_an_earlier_life_took_away_is_not_looked_for(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        left_behind(house, QUARANTINED)
        assert await house.remover.sweep() == ()
        assert looks(house) == []
        assert "removal_turn_failed" not in [line["event"] for line in house.lines]

    play(tmp_path, scene)


def test_a_purge_that_is_not_done_is_no_time_to_look(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.holders = (BROWSER,)
        await house.remover.remove("ani", house.profile())
        await house.remover.sweep()
        assert house.open() == [("ani", QUARANTINED)]
        assert len(looks(house)) == 1

    play(tmp_path, scene)


def test_a_folder_that_is_gone_already_is_not_looked_for(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.obstacles.clear()
        house.store.path_of("ani").rename(tmp_path / "elsewhere")
        assert await house.remover.sweep() == ()
        assert looks(house) == []

    play(tmp_path, scene)


def test_a_folder_that_comes_back_is_taken_away_again_as_often_as_it_likes(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.profile()
        async with house.in_background():
            await house.remover.remove("ani", path)
            for times in (1, 2):
                await house.until_all_purged()
                house.came_back(path)
                house.remover._reappearances.watch_now(Reappearance(path, "ani", times - 1))
                await until(lambda: not path.exists())
                await house.until_all_purged()
                assert max(place.count for _, place in looks(house)) == times
        assert house.store.trash.entries() == []

    play(tmp_path, scene)


def test_a_folder_whose_removal_is_open_has_not_come_back(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.remover._reappeared(Reappearance(house.store.path_of("ani"), "ani", 0))
        assert house.open() == [("ani", STUCK)]

    play(tmp_path, scene)
