"""Leases, burials and claims as scripts: nodes on one register, in a time that the test moves."""

from __future__ import annotations

import pytest

from support.played_cluster import Node, Register
from tuntas.cluster.membership import Membership
from tuntas.cluster.messages import Create, Forget, NameLives, Snapshot, Tick
from tuntas.cluster.records import About, Lease, Owner, lease_of, owner_of, to_bytes

BEAT, SELF, TAKE = 2.0, 18.0, 21.0


class Played:
    """Three nodes; time goes by in half seconds, in which everybody does what is to be done."""

    def __init__(self) -> None:
        self.register = Register()
        self.fences: dict[str, int] = {}
        self.time = 100.0
        self.a, self.b, self.c = (
            Node(name, self.register, self.fences, memory_bytes=size) for name, size in (("a", 3), ("b", 2), ("c", 1))
        )
        self.go_on(3)

    def go_on(self, seconds: float) -> None:
        for _ in range(int(seconds * 2)):
            self.time += 0.5
            for node in (self.a, self.b, self.c):
                node.guard_looks(self.time)
                node.settle(self.time)

    def create(self, node: Node, session_id: str) -> None:
        node.take(Create(session_id), self.time)
        self.go_on(1)
        node.start(session_id, self.time)

    def owner(self, session_id: str) -> Owner:
        value = self.register.current(f"owners/{session_id}").value
        assert value is not None
        return owner_of(value)


@pytest.fixture
def it() -> Played:
    return Played()


def test_who_creates_a_session_owns_it_and_nobody_else_does(it: Played) -> None:
    it.create(it.a, "s")
    assert it.a.running == {"s": 1}
    assert [node.membership.holds("s", node.now(it.time)) for node in (it.b, it.c)] == [None, None]


def test_of_two_that_create_the_same_session_one_does(it: Played) -> None:
    it.a.take(Create("s"), it.time)
    it.b.take(Create("s"), it.time)
    it.go_on(1)
    assert [node.membership.holds("s", node.now(it.time)) is not None for node in (it.a, it.b)] == [True, False]


def test_a_claim_counts_only_under_a_lease_that_was_written_after_it(it: Played) -> None:
    it.a.take(Create("s"), it.time)
    it.a.send(0)
    it.a.answer(0, it.time)
    assert it.a.membership.holds("s", it.a.now(it.time)) is None
    it.a.settle(it.time)
    assert it.a.membership.holds("s", it.a.now(it.time)) is not None


def test_a_node_that_is_lost_is_buried_and_the_one_with_most_room_speaks_for_its_sessions(it: Played) -> None:
    it.create(it.c, "s")
    it.c.is_dead = True
    it.c.running.clear()
    it.go_on(TAKE - BEAT)
    assert it.owner("s").node == "c"
    it.go_on(2 * BEAT)
    assert it.owner("s") == Owner("a", "a.1", 2, home="c")
    it.a.start("s", it.time)
    assert it.a.running == {}, "the profile is not here"


def test_a_node_that_comes_back_gets_its_sessions_back(it: Played) -> None:
    it.create(it.c, "s")
    it.c.is_dead = True
    it.go_on(TAKE + 3 * BEAT)
    it.c.begin()
    it.go_on(2 * BEAT)
    assert it.owner("s") == Owner("c", "c.2", 4, home="c")
    it.c.start("s", it.time)
    assert it.c.running == {"s": 4}


def test_a_killed_server_that_is_started_again_on_its_folder_waits_for_nobody(it: Played) -> None:
    it.create(it.c, "s")
    it.c.begin()
    it.go_on(1)
    assert it.owner("s") == Owner("c", "c.2", 2, home="c")


def test_a_server_that_was_stopped_cleanly_is_waited_for(it: Played) -> None:
    it.create(it.c, "s")
    it.c.leave(it.time)
    it.c.send(0)
    it.c.is_dead = True
    it.go_on(TAKE - 2 * BEAT)
    assert it.owner("s").node == "c"
    it.go_on(4 * BEAT)
    assert it.owner("s").node == "a"


def test_a_frozen_server_has_no_browser_any_more_when_others_take_over(it: Played) -> None:
    it.create(it.c, "s")
    it.c.is_stopped = True
    it.go_on(SELF)
    assert it.c.running == {}
    assert it.owner("s").node == "c"
    it.go_on(TAKE - SELF + 2 * BEAT)
    assert it.owner("s").node == "a"
    it.c.is_stopped = False
    it.go_on(3)
    assert it.c.ends == ["lease_lapsed"]
    assert it.owner("s") == Owner("c", "c.2", 4, home="c")


def test_a_node_that_was_buried_ends_everything_and_comes_back_in_another_life(it: Played) -> None:
    it.create(it.c, "s")
    current = it.register.current("nodes/c")
    assert current.value is not None
    lease = lease_of(current.value)
    it.register.put("nodes/c", to_bytes(Lease(lease.incarnation, "", 0, ended="buried")))
    it.go_on(3)
    assert it.c.ends == ["buried"]
    assert (it.c.is_live, it.c.membership.incarnation) == (True, "c.2")


def test_an_engine_that_went_back_ends_everything_and_nothing_is_claimed_for_a_while(it: Played) -> None:
    it.create(it.a, "s")
    it.register.lose(4)
    it.go_on(2 * BEAT)
    assert it.a.ends == ["engine_went_back"]
    assert it.a.running == {}
    it.go_on(TAKE - 3 * BEAT)
    assert not it.a.is_live
    it.go_on(4 * BEAT)
    assert it.a.is_live


def test_a_fence_that_the_database_is_ahead_of_is_overtaken_after_a_wait(it: Played) -> None:
    it.create(it.a, "s")
    it.a.begin()
    it.fences["s"] = 7
    it.go_on(1)
    it.a.start("s", it.time)
    assert it.a.ends == ["fence_behind"]
    it.go_on(TAKE + 2 * BEAT)
    assert it.owner("s").fence == 8
    it.a.start("s", it.time)
    assert it.a.running == {"s": 8}


def test_a_name_that_lives_on_another_machine_is_not_taken(it: Played) -> None:
    other = Membership("a", "another folder", "x.1")
    effects = other.take(Tick(About()), 0.0)
    other.take(Snapshot(it.register.all(), 0), 0.0)
    it.go_on(2 * BEAT)
    effects = other.take(Snapshot(it.register.all(), other.view.newest), 4.0)
    assert effects == [NameLives()]
    assert it.a.is_live


def test_a_name_of_a_machine_that_is_gone_is_taken_when_it_was_silent_for_long(it: Played) -> None:
    it.create(it.c, "s")
    it.c.is_dead = True
    other = Node("c", it.register, it.fences)
    other.membership = Membership("c", "a new folder", "x.1")
    it.c = other
    it.go_on(TAKE - BEAT)
    was_live = other.is_live
    it.go_on(2 * BEAT)
    assert (was_live, other.is_live) == (False, True)
    assert it.owner("s").incarnation == "x.1"


def test_a_session_that_is_given_away_is_the_other_ones_under_a_higher_fence(it: Played) -> None:
    it.create(it.a, "s")
    it.a.give("s", "b", it.time)
    assert it.a.membership.holds("s", it.a.now(it.time)) is None
    it.go_on(2)
    it.b.start("s", it.time)
    assert it.b.running == {"s": 3}
    assert it.a.running == {}


def test_a_session_that_was_removed_is_nobodys(it: Played) -> None:
    it.create(it.a, "s")
    it.a.take(Forget("s"), it.time)
    it.go_on(1)
    assert it.register.current("owners/s").value is None
    assert it.a.membership.holds("s", it.a.now(it.time)) is None


@pytest.mark.parametrize("value", [b"", b"[]", b"{}", b'{"node":"a"}', b"\xff"])
def test_an_entry_that_is_no_record_says_so(value: bytes) -> None:
    with pytest.raises(ValueError):
        lease_of(value)
    with pytest.raises(ValueError):
        owner_of(value)
