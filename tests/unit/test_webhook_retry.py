"""When a failed delivery is tried again."""

from __future__ import annotations

import pytest

from tuntas.events import Retries, RetryPolicy
from tuntas.webhooks.retry import GiveUp, TryAgain, after_failure, least_seconds

CEILING_SECONDS = 3600.0


@pytest.mark.parametrize(
    ("policy", "delays"),
    [
        (RetryPolicy.CONSTANT, [2.0, 2.0, 2.0, 2.0]),
        (RetryPolicy.LINEAR, [2.0, 4.0, 6.0, 8.0]),
        (RetryPolicy.EXPONENTIAL, [2.0, 4.0, 8.0, 16.0]),
    ],
)
def test_the_wait_grows_as_the_policy_says_and_then_it_gives_up(policy: RetryPolicy, delays: list[float]) -> None:
    retries = Retries(policy, delay_seconds=2.0, attempts=5)
    decisions = [after_failure(retries, made) for made in range(1, 6)]
    assert decisions == [*(TryAgain(delay) for delay in delays), GiveUp()]


def test_no_wait_is_longer_than_the_ceiling() -> None:
    retries = Retries(RetryPolicy.EXPONENTIAL, delay_seconds=2.0, attempts=10_000)
    assert after_failure(retries, 9_000) == TryAgain(CEILING_SECONDS)


def test_a_little_chance_spreads_attempts_and_never_brings_them_forward() -> None:
    retries = Retries(RetryPolicy.CONSTANT, delay_seconds=10.0, attempts=5)
    delays = [after_failure(retries, 1, chance=chance) for chance in (0.0, 0.5, 1.0)]
    assert delays == [TryAgain(10.0), TryAgain(10.5), TryAgain(11.0)]


def test_what_the_receiver_asks_for_counts_if_it_is_longer_up_to_the_ceiling() -> None:
    retries = Retries(RetryPolicy.CONSTANT, delay_seconds=10.0, attempts=5)
    assert after_failure(retries, 1, asked_seconds=5) == TryAgain(10.0)
    assert after_failure(retries, 1, asked_seconds=60) == TryAgain(60.0)
    assert after_failure(retries, 1, asked_seconds=1e9) == TryAgain(CEILING_SECONDS)


def test_a_wait_that_is_doubled_very_often_is_still_a_number() -> None:
    retries = Retries(RetryPolicy.EXPONENTIAL, delay_seconds=0.000_001, attempts=10_000)
    assert after_failure(retries, 9_000) == TryAgain(0.000_001 * 2**30)


def test_a_short_wait_stays_short_where_the_receiver_asks_for_nothing() -> None:
    assert after_failure(Retries(RetryPolicy.CONSTANT, delay_seconds=0.5, attempts=5), 1) == TryAgain(0.5)


def test_a_receiver_that_keeps_failing_is_left_alone_a_little_longer_each_time_up_to_five_seconds() -> None:
    assert [least_seconds(failures) for failures in (0, 1, 10, 100, 1000)] == [0.0, 0.05, 0.5, 5.0, 5.0]
