"""One register of each kind, and tests that are coroutines."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator

import pytest

from support.nats import NatsServers, nats_servers
from support.postgresql import Cluster
from tuntas.cluster.nats_register import NatsRegister
from tuntas.cluster.ports import Register
from tuntas.storage.register import SqlRegister

LIMIT_SECONDS = 100.0
NewRegister = Callable[[], Register]


@pytest.fixture
def nats() -> Iterator[NatsServers]:
    """Three servers, all there."""
    with nats_servers() as servers:
        yield servers


@pytest.fixture(params=["nats", "postgresql"])
def new_register(request: pytest.FixtureRequest) -> NewRegister:
    """Return connections to one and the same register."""
    if request.param == "nats":
        servers: NatsServers = request.getfixturevalue("nats")
        return lambda: NatsRegister(servers.url)
    postgresql: Cluster = request.getfixturevalue("postgresql")
    url = postgresql.new_database()
    return lambda: SqlRegister(url)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    given = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}

    async def within_limit() -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            await pyfuncitem.obj(**given)

    asyncio.run(within_limit())
    return True
