"""Servers of the engine die, hang and come back under nodes that live: real ones, three of them."""

from __future__ import annotations

import signal

import pytest

from support.members import a_node, a_while, soon
from support.nats import NatsServers
from tuntas.cluster.membership import Timing
from tuntas.cluster.nats_register import NatsRegister

# What nats-py leaves of a connection that broke is collected, with a warning.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
# NATS chooses a leader within four to nine seconds: the real times are made for that, the quick ones are not.
REAL = Timing()


async def test_one_server_lost_is_nothing_to_any_node(nats: NatsServers) -> None:
    first, second = NatsRegister(nats.url), NatsRegister(nats.url)
    async with a_node("a", first, timing=REAL) as a, a_node("b", second, timing=REAL) as b:
        fence = await a.member.create("s")
        for server in nats.servers:
            server.kill()
            await a_while(10)
            assert (a.member.fence("s"), a.ends, b.ends) == (fence, [], [])
            server.start()
            await a_while(5)


async def test_most_servers_lost_ends_everything_and_all_comes_back_with_them(nats: NatsServers) -> None:
    async with a_node("a", NatsRegister(nats.url)) as a:
        fence = await a.member.create("s")
        for server in nats.servers[:2]:
            server.kill()
        await soon(lambda: a.ends)
        assert a.ends == ["lease_lapsed"]
        assert a.member.fence("s") is None
        for server in nats.servers[:2]:
            server.start()
        await soon(lambda: a.member.fence("s") is not None)
        assert (a.member.fence("s") or 0) > fence


async def test_all_servers_frozen_for_longer_than_a_lease_ends_everything(nats: NatsServers) -> None:
    async with a_node("a", NatsRegister(nats.url)) as a:
        fence = await a.member.create("s")
        for server in nats.servers:
            server.signal(signal.SIGSTOP)
        await soon(lambda: a.ends)
        assert a.member.fence("s") is None
        for server in nats.servers:
            server.signal(signal.SIGCONT)
        await soon(lambda: a.member.fence("s") is not None)
        assert (a.member.fence("s") or 0) > fence


async def test_an_engine_that_lost_everything_ends_everything(nats: NatsServers) -> None:
    async with a_node("a", NatsRegister(nats.url)) as a:
        await a.member.create("s")
        register = NatsRegister(nats.url)
        await register.open()
        assert register._stream is not None
        await register._stream.purge_stream("KV_tuntas")
        await register.close()
        await soon(lambda: a.ends)
        assert a.ends == ["engine_went_back"]
