"""IANA's registries of special-purpose addresses, whole: what is not for everybody, and what is never gone to."""

from __future__ import annotations

import pytest

from tuntas.foundation.addresses import is_never_gone_to, is_public


def words(text: str) -> list[str]:
    return text.split()


NOT_PUBLIC = words("""
0.0.0.0 0.1.2.3 10.255.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.0.1 172.31.255.255 192.0.0.1
192.0.0.8 192.0.0.9 192.0.0.10 192.0.0.170 192.0.0.171 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.255.255
192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::7f00:1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:100.64.0.1 ::ffff:192.0.0.9 ::ffff:0:7f00:1
::ffff:0:808:808 64:ff9b::7f00:1 64:ff9b::6440:1 64:ff9b::c612:1 64:ff9b:1::7f00:1 64:ff9b:1::808:808 100::1
100:0:0:1::1 2001::1 2001:0:7f00:1:: 2001:1::1 2001:1::2 2001:1::3 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1
2001:20::1 2001:30::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 2620:4f:8000::1 3fff::1 3fff:fff::1 4000::1 5f00::1
fc00::1 fd12::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1
""")
PUBLIC = words("""
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.0.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1
198.20.0.1 223.255.255.255 2001:200::1 2001:4860:4860::8888 2606:4700::1111 2a00:1450::1 3ffe::1
::ffff:8.8.8.8 64:ff9b::808:808
""")
NEVER = words("""
169.254.169.254 169.254.0.1 fe80::1 fe80::1%1 ::ffff:169.254.169.254 ::a9fe:a9fe ::ffff:0:a9fe:a9fe 64:ff9b::a9fe:a9fe
64:ff9b:1::a9fe:a9fe 64:ff9b:1:a9fe:a9:fe00:: 64:ff9b:1:0:a9:fea9:fe00:0 2002:a9fe:a9fe:: fd00:ec2::254 fd20:ce::254
100.100.100.200 192.0.0.192 168.63.129.16 ::ffff:100.100.100.200
""")


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_a_special_purpose_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_beside_them_is_public(address: str) -> None:
    assert is_public(address)
    assert not is_never_gone_to(address)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_addresses_and_those_that_give_out_credentials_are_never_gone_to(address: str) -> None:
    assert is_never_gone_to(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "fd12::1", "::ffff:192.168.1.1", "100.64.0.1"])
def test_this_machine_and_its_networks_can_be_allowed(address: str) -> None:
    assert not is_never_gone_to(address)
