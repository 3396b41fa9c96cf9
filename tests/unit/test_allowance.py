"""So much at once, and so much a second after that."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuntas.foundation.allowance import Allowance

TIMES = st.lists(st.floats(0, 5), max_size=50)


def test_what_is_used_comes_back_with_time_and_not_above_the_brim() -> None:
    allowance = Allowance(3, 2)
    assert [allowance.take(1, 100.0) for _ in range(4)] == [True, True, True, False]
    assert [allowance.take(1, 100.5) for _ in range(2)] == [True, False]
    assert [allowance.take(1, 999.0) for _ in range(4)] == [True, True, True, False]


def test_what_never_fits_is_never_given() -> None:
    assert not Allowance(3, 100).take(4, 0.0)


@given(TIMES, st.integers(1, 20), st.floats(0.1, 10))
def test_in_any_time_no_more_is_given_than_the_bound(waits: list[float], at_once: int, per_second: float) -> None:
    allowance = Allowance(at_once, per_second)
    now, given_out = 1000.0, 0
    for wait in waits:
        now += wait
        given_out += sum(allowance.take(1, now) for _ in range(5))
    assert given_out <= at_once + (now - 1000.0) * per_second + 1e-6
