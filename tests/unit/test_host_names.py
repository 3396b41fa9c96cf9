"""To which names a server answers."""

from __future__ import annotations

import pytest

from tuntas.foundation.host_names import HostNames

LOOPBACK = [
    "localhost",
    "LOCALHOST:3000",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:3000",
    "127.9.9.9",
    "[::1]",
    "[::1]:80",
]
FOREIGN = [
    "evil.example", "evil.example:3000", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "",
    "localhost@evil.example", "127.0.0.1@evil.example", "0.0.0.0", "2130706433", "evil.example:127.0.0.1", "[::1",
]  # fmt: skip


@pytest.mark.parametrize("bound", ["127.0.0.1", "::1", "127.0.0.2"])
def test_loopback_answers_to_its_own_names_only(bound: str) -> None:
    names = HostNames(bound)
    assert [host for host in LOOPBACK if not names.allow(host)] == []
    assert [host for host in FOREIGN if names.allow(host)] in ([], ["[::1"])  # which is loopback, badly written
    assert names.allow(None)


def test_further_names_are_a_setting() -> None:
    names = HostNames("127.0.0.1", ["wa.example.com"])
    assert names.allow("WA.example.com:443")
    assert not names.allow("example.com")
    assert not names.allow("x.wa.example.com")
    assert HostNames("127.0.0.1", ["*"]).allow("evil.example")


def test_elsewhere_every_name_is_taken_unless_some_are_told() -> None:
    assert HostNames("0.0.0.0").allow("evil.example")
    names = HostNames("192.168.1.5", ["wa.example.com"])
    assert names.allow("192.168.1.5:3000")
    assert names.allow("localhost")
    assert not names.allow("evil.example")
