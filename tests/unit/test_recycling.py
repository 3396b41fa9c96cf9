"""When a browser is judged too large, and when it may be ended for it."""

from __future__ import annotations

from dataclasses import replace

from support.played_session import LIMITS
from tuntas.sessions.recycling import Growth

SMALL, LARGE = LIMITS.recycle_bytes, LIMITS.recycle_bytes + 1


def test_a_browser_is_looked_at_at_once_and_then_now_and_then() -> None:
    growth = Growth()
    assert growth.wants_look(0.0)
    growth = growth.weighed(SMALL, LIMITS, 10.0)
    assert not growth.wants_look(10.0 + LIMITS.tend_seconds - 0.01)
    assert growth.wants_look(10.0 + LIMITS.tend_seconds)


def test_only_one_that_takes_more_than_the_limit_is_too_large() -> None:
    assert not Growth().weighed(SMALL, LIMITS, 10.0).is_overgrown
    found = Growth().weighed(LARGE, LIMITS, 10.0)
    assert (found.is_overgrown, found.recycle_at) == (True, 10.0 + LIMITS.recycle_wait_seconds)


def test_no_limit_means_never() -> None:
    assert not Growth().weighed(LARGE, replace(LIMITS, recycle_bytes=0), 10.0).is_overgrown


def test_its_calls_do_not_get_more_time_with_each_look() -> None:
    first = Growth().weighed(LARGE, LIMITS, 10.0)
    assert first.weighed(LARGE * 2, LIMITS, 20.0) == replace(first, look_at=20.0 + LIMITS.tend_seconds)


def test_it_goes_when_its_calls_are_through_or_have_had_their_time() -> None:
    growth = Growth().weighed(LARGE, LIMITS, 10.0)
    assert growth.may_recycle(10.0, in_use=False)
    assert not growth.may_recycle(10.0 + LIMITS.recycle_wait_seconds - 0.01, in_use=True)
    assert growth.may_recycle(10.0 + LIMITS.recycle_wait_seconds, in_use=True)
    assert not Growth().may_recycle(1e9, in_use=False)


def test_the_next_one_is_left_alone_until_the_pause_is_over() -> None:
    growth = Growth().weighed(LARGE, LIMITS, 10.0).begun(LIMITS, 20.0)
    assert (growth.is_change, growth.is_overgrown) == (True, True)
    growth = growth.forgotten()
    assert (growth.is_change, growth.is_overgrown) == (False, False)
    allowed_at = 20.0 + LIMITS.recycle_pause_seconds
    assert not growth.weighed(LARGE, LIMITS, allowed_at - 0.01).is_overgrown
    assert growth.weighed(LARGE, LIMITS, allowed_at).is_overgrown
