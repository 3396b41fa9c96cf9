"""A removal that somebody waits for: what is written down when, how often it tries, and what it answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import pytest

from support.removing import BROWSER, EDITOR, EPOCH, PATIENT, Removing, play, somebody_waits_for
from support.until import until
from tuntas.foundation import tasks
from tuntas.profiles import RefusedPath
from tuntas.profiles.model import Reason, Removal, RemovalState
from tuntas.profiles.os_errors import ErrorKind, Obstacle
from tuntas.profiles.removal import Remover

BUSY = Obstacle(ErrorKind.TRANSIENT, Reason.IN_USE, "Device or resource busy", "/the/obstacle")
Answer = TypeVar("Answer")

INTENT, QUARANTINED = RemovalState.INTENT, RemovalState.QUARANTINED
PURGED, STUCK = RemovalState.PURGED, RemovalState.STUCK


async def stuck(house: Removing, session: str = "ani") -> Removal:
    """Let a removal use up its attempts."""
    house.obstacles[session] = BUSY
    return await used_up(house, house.remover.remove(session, house.profile(session)))


async def used_up(house: Removing, asking: Coroutine[None, None, Answer]) -> Answer:
    """Let ``asking`` use up its attempts, without its pauses."""
    asked = tasks.spawn(asking, name="asked")
    for attempt in range(1, PATIENT.attempts):
        await house.until_tried(attempt)
        house.remover.wake()
    return await asked


def test_the_intent_is_written_down_before_the_folder_is_touched(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.profile()
        was_there: list[bool] = []

        def refuses(_: Removal) -> bool:
            was_there.append(path.exists())
            return False

        house.journal.refuses = refuses
        removal = await house.remover.remove("ani", path)
        assert (removal.state, removal.reason) == (QUARANTINED, None)
        assert (house.journal.states, was_there) == ([INTENT, QUARANTINED], [True, False])
        assert house.open() == [("ani", QUARANTINED)]
        assert house.store.folder_for("ani") == "ani"

    play(tmp_path, scene)


def test_a_folder_that_is_not_there_is_purged_and_leaves_no_trace(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.store.path_of("ani")
        removal = await house.remover.remove("ani", path)
        assert (removal.session, removal.path, removal.state) == ("ani", path, PURGED)
        assert (house.journal.states, house.open(), house.store.folder_for("ani")) == ([], [], "ani")

    play(tmp_path, scene)


def test_a_folder_that_was_just_taken_away_is_answered_with_that_removal(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.profile()
        removal = await house.remover.remove("ani", path)
        assert await house.remover.remove("ani", path) == removal

    play(tmp_path, scene)


def test_only_what_carries_our_marker_is_removed_unless_a_person_has_named_it(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.store.prepare()
        path = house.store.path_of("photos")
        house.came_back(path)
        with pytest.raises(RefusedPath):
            await house.remover.remove("x", path)
        assert (house.journal.states, house.open(), path.exists()) == ([], [], True)
        removal = await house.remover.remove("x", path, named_by_person=True)
        assert removal.state is QUARANTINED

    play(tmp_path, scene)


def test_the_folder_of_a_session_whose_name_differs_only_in_case_is_left_alone(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.store.prepare()
        path = house.store.create("ani", "Ani")
        assert (await house.remover.remove("ani", path)).state is PURGED, "it has no folder there"
        assert (path.exists(), house.journal.states) == (True, [])

    play(tmp_path, scene)


def test_a_refused_folder_s_name_is_not_kept_for_ever(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.store.prepare()
        path = house.store.path_of("photos")
        house.came_back(path)
        with pytest.raises(RefusedPath):
            await house.remover.remove("x", path)
        (path / "file").unlink()
        path.rmdir()
        assert house.store.folder_for("photos") == "photos"

    play(tmp_path, scene)


def test_what_is_not_written_down_is_not_asked_of_us(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.profile()
        house.journal.refuses = lambda _: True
        with pytest.raises(OSError, match="No space"):
            await house.remover.remove("ani", path)
        assert (path.exists(), house.open(), house.tries) == (True, [], [])
        path.rename(path.with_name("elsewhere"))
        assert house.store.folder_for("ani") == "ani"

    play(tmp_path, scene)


def test_what_is_on_its_way_stays_so_though_the_journal_fails(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.journal.refuses = lambda removal: removal.state is STUCK
        with pytest.raises(OSError, match="No space"):
            await stuck(house)
        assert house.open() == [("ani", STUCK)]
        with pytest.raises(OSError, match="No space"):
            await house.remover.remove("ani", house.store.path_of("ani"))
        assert house.open() == [("ani", STUCK)], "it is written later, and not forgotten"

    play(tmp_path, scene)


def test_what_is_stuck_and_not_written_so_is_brought_to_its_end_by_who_asks_again(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.journal.refuses = lambda removal: removal.state is STUCK
        with pytest.raises(OSError, match="No space"):
            await stuck(house)
        house.journal.refuses = lambda _: False
        path = house.store.path_of("ani")
        path.rename(tmp_path / "elsewhere")
        house.obstacles.clear()
        assert (await house.remover.remove("ani", path)).state is PURGED
        assert await house.journal.unfinished() == []

    play(tmp_path, scene)


def test_a_remover_has_a_patience_of_its_own(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        remover = Remover(house.store, house.journal, house.clock)
        assert (await remover.remove("ani", house.profile())).state is QUARANTINED

    play(tmp_path, scene)


def test_it_tries_three_times_and_each_time_says_who_is_in_the_way(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.holders = (EDITOR,)
        removal = await stuck(house)
        assert (removal.state, removal.reason, removal.attempts, removal.holders) == (
            STUCK,
            Reason.IN_USE,
            3,
            (EDITOR,),
        )
        assert house.tries == ["ani"] * 3
        tries = [one for one in house.seen if one.attempts in (1, 2)]
        assert [(one.state, one.reason, one.holders, one.message) for one in tries] == [
            (INTENT, Reason.IN_USE, (EDITOR,), "Cleanup attempt 1/3 for session ani"),
            (INTENT, Reason.IN_USE, (EDITOR,), "Cleanup attempt 2/3 for session ani"),
        ]
        assert {one.obstacle_path for one in [*tries, removal]} == {EDITOR.path}

    play(tmp_path, scene)


def test_where_nobody_is_found_it_says_what_is_in_the_way(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        assert {one.obstacle_path for one in house.seen if one.attempts} == {"/the/obstacle"}

    play(tmp_path, scene)


def test_what_cannot_be_taken_away_keeps_its_own_reason_whoever_uses_it(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.holders = (EDITOR,)
        house.obstacles["ani"] = Obstacle(ErrorKind.STRUCTURAL, Reason.READ_ONLY, "Read-only file system")
        assert (await house.remover.remove("ani", house.profile())).reason is Reason.READ_ONLY

    play(tmp_path, scene)


def test_what_is_stuck_is_tried_again_after_a_pause_and_not_at_once(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        assert house.entry().due == house.clock.seconds + PATIENT.first_retry_seconds

    play(tmp_path, scene)


@pytest.mark.parametrize("kind", [ErrorKind.STRUCTURAL, ErrorKind.IN_PLACE])
def test_it_does_not_try_twice_what_cannot_help(tmp_path: Path, kind: ErrorKind) -> None:
    async def scene(house: Removing) -> None:
        house.obstacles["ani"] = Obstacle(kind, Reason.MOUNT_POINT, "it is a mount point")
        removal = await house.remover.remove("ani", house.profile())
        assert (removal.state, house.tries) == (STUCK, ["ani"])

    play(tmp_path, scene)


def test_each_pause_is_waited_for_though_the_last_one_was_cut_short(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        is_woken: list[bool] = []
        house.at_each_try = lambda: is_woken.append(house.entry().nudge.is_set())
        await stuck(house)
        assert is_woken == [False, False, False]

    play(tmp_path, scene)


def test_a_pause_is_up_to_half_as_long_again_by_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float | None] = []
    timeout = asyncio.timeout

    def noted(seconds: float | None) -> AbstractAsyncContextManager[object]:
        pauses.append(seconds)
        return timeout(seconds)

    async def scene(house: Removing) -> None:
        monkeypatch.setattr(asyncio, "timeout", noted)
        await stuck(house)

    play(tmp_path, scene)
    assert pauses.count(PATIENT.delay_seconds * 1.5) == 2


def test_who_uses_what_was_taken_away_is_named(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.holders = (EDITOR,)
        removal = await house.remover.remove("ani", house.profile())
        assert (removal.state, removal.reason, removal.holders) == (QUARANTINED, Reason.IN_USE, (EDITOR,))
        assert removal.obstacle_path == EDITOR.path
        assert "editor (pid 8" in (removal.message or "")
        assert house.store.folder_for("ani") == "ani"

    play(tmp_path, scene)


def test_a_path_that_a_command_line_names_is_given_to_nobody_else(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.holders = (BROWSER,)
        await house.remover.remove("ani", house.profile())
        assert house.store.folder_for("ani") != "ani"

    play(tmp_path, scene)


def test_a_path_is_given_to_nobody_else_while_its_removal_is_open(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.store.path_of("ani").rename(house.store.path_of("elsewhere"))
        assert house.store.folder_for("ani") != "ani"

    play(tmp_path, scene)


def test_two_who_ask_for_the_same_get_one_answer(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        second = []

        async def also() -> None:
            second.append(await house.remover.remove("ani", house.store.path_of("ani")))

        async with asyncio.TaskGroup() as group:
            house.obstacles["ani"] = BUSY
            first = group.create_task(house.remover.remove("ani", house.profile()))
            await house.until_tried(1)
            group.create_task(also())
            await until(lambda: somebody_waits_for(house.entry()))
            house.remover.wake()
            await house.until_tried(2)
            house.remover.wake()
        assert second == [first.result()]
        assert house.tries == ["ani"] * 3
        again = tasks.spawn(house.remover.remove("ani", house.store.path_of("ani")), name="again")
        await house.until_tried(1)
        assert house.tries == ["ani"] * 4, "who asks later, asks anew"
        await tasks.end(again)

    play(tmp_path, scene)


def test_two_who_ask_at_one_moment_never_act_at_one_moment(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.profile()
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(house.remover.remove("ani", path)) for _ in range(5)]
        assert {one.result().id for one in asked} == {asked[0].result().id}
        assert (house.journal.states, house.tries) == ([INTENT, QUARANTINED], ["ani"])

    play(tmp_path, scene)


def test_who_waited_for_one_that_the_journal_did_not_take_asks_anew(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.profile()
        refused: list[Removal] = []

        def refuses(removal: Removal) -> bool:
            refused.append(removal)
            return len(refused) == 1

        house.journal.refuses = refuses
        asked = [tasks.spawn(house.remover.remove("ani", path), name="asked") for _ in range(2)]
        await asyncio.wait(asked)
        assert isinstance(next(one.exception() for one in asked if one.exception()), OSError)
        assert house.remover.open_removals() == tuple(one.result() for one in asked if not one.exception())
        assert house.open() == [("ani", QUARANTINED)]

    play(tmp_path, scene)


def test_who_waited_while_the_background_took_it_away_has_its_answer(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.obstacles.clear()
        is_trying, may_go_on = threading.Event(), threading.Event()

        def wait() -> None:
            is_trying.set()
            assert may_go_on.wait(10)

        house.at_each_try = wait
        house.tries.clear()
        sweeping = tasks.spawn(house.remover.sweep(), name="sweep")
        await tasks.blocking(is_trying.wait, 10)
        asked = tasks.spawn(house.remover.remove("ani", house.store.path_of("ani")), name="asked")
        await until(lambda: somebody_waits_for(house.entry()))
        may_go_on.set()
        assert (await asked).trash_path is not None
        assert await sweeping == ()
        assert house.tries == ["ani"]

    play(tmp_path, scene)


def test_an_intent_of_an_earlier_life_is_brought_to_its_end_by_who_asks_again(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.store.path_of("ani")
        await house.journal.put(Removal("1", "ani", path, INTENT, EPOCH, EPOCH))
        removal = await house.remover.remove("ani", path)
        assert (removal.id, removal.state) == ("1", PURGED)
        assert (await house.journal.unfinished(), house.open()) == ([], [])

    play(tmp_path, scene)


def test_a_call_that_is_cancelled_leaves_its_removal_to_the_background(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.obstacles["ani"] = BUSY
        async with house.in_background():
            asked = tasks.spawn(house.remover.remove("ani", house.profile()), name="asked")
            await house.until_tried(1)
            house.obstacles.clear()
            await tasks.end(asked)
            await house.until_all_purged()

    play(tmp_path, scene)


def test_the_background_does_not_wait_for_one_that_somebody_is_trying_to_remove(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house, "ani")
        await stuck(house, "budi")
        async with house.in_background():
            asked = tasks.spawn(house.remover.remove("ani", house.store.path_of("ani")), name="asked")
            await house.until_tried(1)
            del house.obstacles["budi"]
            house.clock.seconds += PATIENT.retry_ceiling_seconds
            house.remover._ledger.ring()
            await house.until(lambda: (house.seen[-1].session, house.seen[-1].state) == ("budi", PURGED))
            await tasks.end(asked)

    play(tmp_path, scene)


# -- Asked again, by session and not by path --


def test_asked_again_it_tries_what_stands_at_the_session_s_old_places_and_nothing_else(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house, "ani")
        await stuck(house, "budi")
        del house.obstacles["ani"]
        house.tries.clear()
        assert await house.remover.try_again("ani", 10) is None
        assert house.tries == ["ani"]
        assert house.open() == [("ani", QUARANTINED), ("budi", STUCK)]
        assert house.journal.states.count(STUCK) == 2, "what is written is not written again"

    play(tmp_path, scene)


def test_asked_again_it_says_what_is_still_in_the_way_and_counts_anew(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        for _ in range(2):
            removal = await used_up(house, house.remover.try_again("ani", 10))
            assert removal is not None
            assert (removal.state, removal.attempts, removal.obstacle_path) == (STUCK, 3, "/the/obstacle")
            assert house.entry().due == house.clock.seconds + PATIENT.first_retry_seconds

    play(tmp_path, scene)


def test_asked_again_it_does_not_touch_what_was_taken_away_already(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        house.holders = (EDITOR,)
        removal = await house.remover.remove("ani", house.profile())
        house.tries.clear()
        assert await house.remover.try_again("ani", 10) == removal, "somebody has its files open"
        assert house.tries == []

    play(tmp_path, scene)


def test_asked_again_it_answers_within_the_limit(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        removal = await house.remover.try_again("ani", 0.05)
        assert removal is not None
        assert removal.is_held

    play(tmp_path, scene)


def test_two_who_ask_again_get_one_round(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        await stuck(house)
        house.tries.clear()
        first = tasks.spawn(house.remover.try_again("ani", 10), name="first")
        await house.until_tried(1)
        second = tasks.spawn(house.remover.try_again("ani", 10), name="second")
        await until(lambda: somebody_waits_for(house.entry()))
        house.remover.wake()
        await house.until_tried(2)
        house.remover.wake()
        assert await first == await second
        assert house.tries == ["ani"] * 3

    play(tmp_path, scene)


def test_asked_again_it_does_not_begin_what_was_dropped_meanwhile(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        entry = house.remover._opened("ani", house.profile())
        async with entry.lock:
            asked = tasks.spawn(house.remover.try_again("ani", 10), name="asked")
            await until(lambda: somebody_waits_for(entry))
            house.remover._drop(entry)
        assert await asked is None
        assert house.tries == []

    play(tmp_path, scene)


def test_asked_again_it_knows_what_an_earlier_life_began(tmp_path: Path) -> None:
    async def scene(house: Removing) -> None:
        path = house.profile()
        await house.journal.put(Removal("1", "ani", path, INTENT, house.clock.now(), house.clock.now()))
        assert await house.remover.try_again("ani", 10) is None
        assert not path.exists()

    play(tmp_path, scene)
