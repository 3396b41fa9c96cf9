"""Who is served when many want to be: shares of the one bound, and turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuntas.webhooks.lanes import PROVEN_AFTER, Doing, Lane, Turns

MOST = 16


def ready(turns: Turns, session: str, count: int, *, streak: int = 1) -> list[Lane]:
    lanes = [Lane(f"{session}:{number}", streak=streak) for number in range(count)]
    for lane in lanes:
        turns.add(lane)
    return lanes


def all_next(turns: Turns) -> list[Lane]:
    found = []
    while (lane := turns.next()) is not None:
        found.append(lane)
    return found


def test_a_session_has_a_quarter_of_the_bound_at_most() -> None:
    turns = Turns(MOST)
    ready(turns, "many", 100)
    assert len(all_next(turns)) == MOST // 4
    ready(turns, "other", 1)
    assert [lane.session_id for lane in all_next(turns)] == ["other"]


def test_failing_lanes_have_half_of_the_bound_and_a_proven_one_finds_room_beside_all_others() -> None:
    turns = Turns(MOST)
    for number in range(20):
        ready(turns, f"failing{number}", 4, streak=0)
    assert len(all_next(turns)) == MOST // 2
    for number in range(20):
        ready(turns, f"new{number}", 4)
    assert len(all_next(turns)) == MOST // 4
    ready(turns, "proven", 2, streak=PROVEN_AFTER)
    assert [lane.session_id for lane in all_next(turns)] == ["proven"] * 2


def test_sessions_take_turns_and_so_do_their_lanes() -> None:
    turns = Turns(4)
    many, one = ready(turns, "many", 3), ready(turns, "one", 1)
    served = []
    for _ in range(4):
        lane = turns.next()
        assert lane is not None
        served.append(lane)
        turns.over(lane)
    assert served == [many[0], one[0], many[1], many[2]]


def test_lanes_of_every_standing_are_served_while_others_wait_too() -> None:
    turns = Turns(MOST)
    for number in range(9):
        ready(turns, f"p{number}", 9, streak=PROVEN_AFTER)
        ready(turns, f"f{number}", 9, streak=0)
    served = []
    for _ in range(12):
        lane = turns.next()
        assert lane is not None
        served.append(lane.streak == 0)
        turns.over(lane)
    assert 4 <= sum(served) <= 8


def test_a_slow_answer_loses_the_standing_and_prompt_ones_win_it_back() -> None:
    lane = Lane("s:1")
    lane.answered(3.0)
    assert lane.streak == 0
    for _ in range(PROVEN_AFTER):
        lane.answered(0.01)
    assert lane.streak == PROVEN_AFTER


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12), st.booleans()), max_size=200),
)
def test_whatever_happens_the_bound_holds_and_every_lane_is_served(
    most: int, steps: list[tuple[int, int, bool]]
) -> None:
    turns, busy, waiting = Turns(most), [], set()
    for number, (session, streak, is_over) in enumerate(steps):
        lane = Lane(f"{session}:{number}", streak=streak)
        turns.add(lane)
        waiting.add(lane)
        while (served := turns.next()) is not None:
            assert served.doing is Doing.BUSY
            waiting.remove(served)
            busy.append(served)
        assert len(busy) == turns.busy <= most
        if is_over and busy:
            turns.over(busy.pop(0))
    while True:
        while (served := turns.next()) is not None:
            waiting.remove(served)
            busy.append(served)
        if not busy:
            break
        turns.over(busy.pop())
    assert not waiting
    assert not turns.is_waited_for
