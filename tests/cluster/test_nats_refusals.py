"""What NATS a cluster refuses, each in one clear line: with real servers that are set up like that."""

from __future__ import annotations

import pytest

from support.nats import PASSWORD, USER, nats_servers
from tuntas.cluster.nats_register import NatsRegister
from tuntas.cluster.ports import ClusterUnusable

# An account that may ask its servers how JetStream is set up, as docs/cluster.md shows.
SEEING = f"""
system_account: SYS
accounts {{
  SYS {{ users: [{{ user: system, password: "of-the-system" }}]
         exports: [{{ service: "$SYS.REQ.SERVER.PING.JSZ", response_type: stream }}] }}
  TUNTAS {{ jetstream: enabled, users: [{{ user: {USER}, password: "{PASSWORD}" }}]
            imports: [{{ service: {{ account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ" }} }}] }}
}}
"""


async def refusal(url: str, replicas: int = 1) -> str:
    register = NatsRegister(url, replicas=replicas)
    with pytest.raises(ClusterUnusable) as refused:
        await register.open()
    assert "\n" not in str(refused.value)
    assert PASSWORD not in str(refused.value)
    return str(refused.value)


async def test_an_address_that_does_not_answer() -> None:
    said = await refusal("nats://somebody:secret@127.0.0.1:1")
    assert said == "NATS does not answer at 127.0.0.1:1. Start it, or mend TUNTAS_CLUSTER."


async def test_wrong_credentials() -> None:
    with nats_servers(1) as servers:
        said = await refusal(servers.url.replace(PASSWORD, "guessed"))
    assert "refuses these credentials. Mend the user and password in TUNTAS_CLUSTER." in said


async def test_no_jetstream() -> None:
    with nats_servers(1, jetstream=False) as servers:
        assert "JetStream" in await refusal(servers.url)


async def test_fewer_servers_than_copies() -> None:
    with nats_servers(1) as servers:
        assert "are 3 servers there?" in await refusal(servers.url, replicas=3)


async def test_an_engine_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest that is taken is put above the one that runs here: an old one is not to be had on every machine."""
    monkeypatch.setattr("tuntas.cluster.nats_register.OLDEST", (99, 0))
    with nats_servers(1) as servers:
        assert "is too old: Tuntas needs 99.0 or newer." in await refusal(servers.url)


async def test_servers_that_do_not_sync_each_write_where_that_can_be_seen() -> None:
    with nats_servers(1, sync="2m", accounts=SEEING) as servers:
        assert "does not sync each write. Set `sync_interval: always`" in await refusal(servers.url)


async def test_servers_that_sync_each_write_are_taken() -> None:
    with nats_servers(1, accounts=SEEING) as servers:
        register = NatsRegister(servers.url, replicas=1)
        await register.open()
        await register.close()
