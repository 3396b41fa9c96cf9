"""The pace of sends: a burst, then one after the other."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tuntas.sessions.pacing import Pace, after_send, wait_seconds

paces = st.builds(Pace, per_minute=st.floats(1, 600), burst=st.integers(1, 20))


def sent_at(pace: Pace, asked_at: list[float]) -> list[float]:
    """Return when each of the sends goes out that are asked for at these times, one after the other."""
    mark, now, times = float("-inf"), 0.0, []
    for asked in asked_at:
        now = max(now, asked)
        now += wait_seconds(pace, mark, now)
        mark = after_send(pace, mark, now)
        times.append(now)
    return times


def test_a_burst_goes_out_at_once_and_then_one_an_interval() -> None:
    assert sent_at(Pace(60, 3), [0.0] * 6) == [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]


def test_a_pause_fills_the_burst_again_and_no_more() -> None:
    assert sent_at(Pace(60, 2), [0.0, 0.0, 100.0, 100.0, 100.0]) == [0.0, 0.0, 100.0, 100.0, 101.0]


def test_without_a_pace_nothing_waits() -> None:
    assert sent_at(Pace(per_minute=0), [0.0] * 50) == [0.0] * 50


@given(paces, st.lists(st.floats(0, 1000), min_size=1, max_size=60).map(sorted))
def test_no_minute_ever_sees_more_than_the_pace_and_one_burst(pace: Pace, asked_at: list[float]) -> None:
    times = sent_at(pace, asked_at)
    assert all(later >= earlier for earlier, later in itertools.pairwise(times))
    for start in times:
        in_a_minute = [one for one in times if start <= one < start + 60]
        assert len(in_a_minute) <= pace.per_minute + pace.burst + 1e-6
