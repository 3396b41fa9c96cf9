"""Which addresses the server goes to for somebody else."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tuntas.foundation.addresses import is_public
from tuntas.sessions.errors import FileRefused, FileUnreachable
from tuntas.whatsapp.fetching import FileLimits, fetch

LIMITS = FileLimits(most_bytes=1000, timeout_seconds=5.0, private_addresses=False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::",
    ],
)  # fmt: skip
def test_an_address_that_not_everybody_can_reach_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_that_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://8.8.8.8/x", "http://127.0.0.1:1/x", "http://[::1]/x"])
def test_an_address_that_is_not_allowed_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(FileRefused):
        asyncio.run(fetch(url, LIMITS))


def test_a_host_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(FileUnreachable):
        asyncio.run(fetch("http://no-such-host.invalid/x", LIMITS))


def test_every_address_of_a_name_is_checked_not_only_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(FileRefused):
        asyncio.run(fetch("http://two-faced.example/x", LIMITS))
