"""What sessions may expect of whoever says who owns them: the same of one server alone, on NATS and on PostgreSQL.

What needs several nodes is asked of the two that have several.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

import pytest

from cluster.conftest import NewRegister
from support.members import QUICK, Node, a_node, a_while, now, soon
from tuntas.cluster.alone import Alone
from tuntas.cluster.nats_register import NatsRegister
from tuntas.cluster.ports import ClusterUnusable, Outdated, Register
from tuntas.cluster.records import RegisterEntry
from tuntas.sessions.ports import Ownership
from tuntas.storage.register import SqlRegister


@pytest.fixture(params=["alone", "nats", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def owning(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Ownership]:
    if kind == "alone":
        yield Alone()
        return
    register: Register
    if kind == "nats":
        register = NatsRegister(request.getfixturevalue("nats").url)
    else:
        register = SqlRegister(request.getfixturevalue("postgresql").new_database())
    async with a_node("a", register) as node:
        yield node.member


async def test_a_new_session_is_owned_by_who_makes_it_and_can_be_forgotten(
    kind: str, request: pytest.FixtureRequest
) -> None:
    async with owning(kind, request) as ownership:
        fence = await ownership.create("s")
        assert fence >= 1
        assert (ownership.fence("s"), ownership.owner("s") is not None) == (fence, True)
        await ownership.forget("s")


@asynccontextmanager
async def some_nodes(new_register: NewRegister, *names: str) -> AsyncIterator[list[Node]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(a_node(name, new_register(), memory=9 - number))
            for number, name in enumerate(names)
        ]


async def test_a_session_has_one_owner_and_all_know_which(new_register: NewRegister) -> None:
    async with some_nodes(new_register, "a", "b") as (a, b):
        await a.member.create("s")
        await soon(lambda: b.member.owner("s") == "a")
        assert b.member.fence("s") is None
        await a.member.forget("s")
        await soon(lambda: b.member.owner("s") is None)


async def test_what_a_lost_node_had_is_owned_by_another_when_its_browsers_are_gone(new_register: NewRegister) -> None:
    async with some_nodes(new_register, "a", "b", "c") as (a, b, c):
        fence = await c.member.create("s")
        await c.freeze()
        lapses_at = c.lapses_at
        await soon(lambda: a.member.fence("s") is not None)
        assert now() > lapses_at, "the guard has ended what ran there"
        after = a.member.holds("s")
        assert after is not None
        assert (after.fence > fence, after.home, c.member.fence("s"), b.member.fence("s")) == (True, "c", None, None)


async def test_a_node_that_comes_back_in_another_life_has_its_sessions_again(new_register: NewRegister) -> None:
    async with some_nodes(new_register, "a", "c") as (a, c):
        fence = await c.member.create("s")
        await c.freeze()
        async with a_node("c", new_register()) as again:
            await soon(lambda: again.member.fence("s") is not None)
            assert (again.member.fence("s") or 0) > fence
            assert a.member.fence("s") is None


async def test_a_node_that_leaves_says_so(new_register: NewRegister) -> None:
    async with some_nodes(new_register, "a") as (a,):
        async with a_node("b", new_register()):
            await soon(lambda: "b" in a.member.nodes())
        await soon(lambda: a.member.nodes()["b"].ended == "left")


async def test_a_node_that_leaves_says_so_though_a_renewal_of_its_own_comes_late(
    new_register: NewRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, late = new_register(), [1]
    read = register.read

    async def read_before_a_late_renewal(key: str) -> RegisterEntry:
        entry = await read(key)
        if late[0]:
            late[0] -= 1
            with suppress(Outdated):  # a true one came late by itself
                await register.write(key, entry.value, entry.revision)
        return entry

    async with some_nodes(new_register, "a") as (a,):
        async with a_node("b", register, timing=replace(QUICK, beat_seconds=2.0)):  # it has four seconds to leave
            await soon(lambda: "b" in a.member.nodes())
            monkeypatch.setattr(register, "read", read_before_a_late_renewal)
        assert late == [0]
        await soon(lambda: a.member.nodes()["b"].ended == "left")


async def test_a_session_is_given_to_another_under_a_higher_fence(new_register: NewRegister) -> None:
    async with some_nodes(new_register, "a", "b") as (a, b):
        fence = await a.member.create("s")
        a.member.give("s", "b", "b")
        await soon(lambda: b.member.fence("s") is not None)
        assert (b.member.fence("s") or 0) > fence
        assert a.member.fence("s") is None


async def test_a_name_that_lives_is_refused(new_register: NewRegister) -> None:
    async with some_nodes(new_register, "a") as (a,):
        with pytest.raises(ClusterUnusable, match="Another node lives as a"):
            async with a_node("a", new_register(), identity="another machine"):
                pass
        assert a.member.is_live


async def test_a_lease_goes_on_for_as_long_as_its_node(new_register: NewRegister) -> None:
    async with some_nodes(new_register, "a", "b") as (a, b):
        fence = await a.member.create("s")
        await a_while(2 * QUICK.take_seconds)
        assert (a.member.fence("s"), a.ends, b.ends) == (fence, [], [])
