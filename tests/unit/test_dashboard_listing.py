"""Which sessions somebody means who looks for some, and what an address may ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tuntas.dashboard.listing import GROUPS, Listing
from tuntas.events import Me
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import SessionConfig, SessionRecord

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SHOP = SessionRecord(
    id="1",
    name="shop-1",
    config=SessionConfig(),
    desired=Desired.RUNNING,
    state=State.WORKING,
    status=Status.WORKING,
    profile_folder="one",
    created_at=NOW,
    changed_at=NOW,
    me=Me("628111000222@c.us", "Toko Sinar"),
)
BARE = replace(
    SHOP, name="bare", me=None, state=State.FAILED, profile_folder="two", changed_at=NOW + timedelta(seconds=1)
)


def test_a_session_is_found_by_its_name_its_account_and_its_number() -> None:
    for search in ("SHOP", "sinar", "+62 811-1000", "0811 1000", ""):
        assert Listing(search).fits(SHOP), search
    for search in ("shop-2", "99", "budi"):
        assert not Listing(search).fits(SHOP), search
    assert not Listing("sinar").fits(BARE)
    assert Listing(group="working").fits(SHOP)
    assert not Listing(group="needs").fits(SHOP)


def test_each_state_is_in_one_group() -> None:
    states = [state for _, _, members in GROUPS for state in members]
    assert sorted(states) == sorted(State)


def test_an_address_asks_for_what_there_is_only_and_is_written_back() -> None:
    asked = Listing.of({"search": " a&b ", "group": "needs", "sort": "memory"})
    assert asked == Listing("a&b", "needs", "memory")
    assert asked.query == "?search=a%26b&group=needs&sort=memory"
    assert Listing.of({"group": "x", "sort": "y"}) == Listing()
    assert Listing().query == ""


def test_sessions_come_in_the_order_that_is_asked_for() -> None:
    memory_bytes = {"one": 5}
    assert Listing(sort="changed").ordered([SHOP, BARE], memory_bytes) == [BARE, SHOP]
    assert Listing(sort="memory").ordered([BARE, SHOP], memory_bytes) == [SHOP, BARE]
    assert Listing(sort="name").ordered([BARE, SHOP], memory_bytes) == [BARE, SHOP]
