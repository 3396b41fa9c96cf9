"""Tickets for streams: good once, for a while, and bounded for each key."""

from __future__ import annotations

from tuntas.foundation.tickets import MOST_OF_A_KEY, Tickets


class Hand:
    """A clock that goes where it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_stands_for_its_key_once() -> None:
    tickets = Tickets(60.0)
    mine, yours = tickets.issue("mine"), tickets.issue("yours")
    assert mine != yours
    assert tickets.redeem(yours) == "yours"
    assert tickets.redeem(mine) == "mine"
    assert tickets.redeem(mine) is None
    assert tickets.redeem("") is None


def test_a_ticket_is_good_until_its_time_is_over() -> None:
    clock = Hand()
    tickets = Tickets(60.0, clock)
    early, used = tickets.issue("key"), tickets.issue("key")
    clock.now = 59.9
    late = tickets.issue("key")
    assert tickets.redeem(used) == "key"
    clock.now = 60.0
    assert tickets.redeem(early) is None
    assert tickets.redeem(late) == "key"


def test_a_key_that_asks_for_many_loses_its_own_oldest_and_no_other_key_s() -> None:
    tickets = Tickets(60.0)
    others = tickets.issue("other")
    many = [tickets.issue("key") for _ in range(MOST_OF_A_KEY + 5)]
    assert len(tickets._open) == MOST_OF_A_KEY + 1
    assert [tickets.redeem(one) for one in many[:5]] == [None] * 5
    assert {tickets.redeem(one) for one in many[5:]} == {"key"}
    assert tickets.redeem(others) == "other"


def test_what_is_over_is_forgotten_and_no_ticket_is_kept_as_it_is() -> None:
    clock = Hand()
    tickets = Tickets(60.0, clock)
    given = [tickets.issue(f"key {number}") for number in range(10)]
    assert not set(given) & set(tickets._open)
    clock.now = 61.0
    tickets.issue("key")
    assert len(tickets._open) == 1
