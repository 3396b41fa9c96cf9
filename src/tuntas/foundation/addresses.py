"""Which addresses the server goes to for somebody else; pure.

The blocks are those of IANA's registries of special-purpose addresses (RFC 6890 and what it lists since), written out
because Python's own properties depend on its version and know neither the translated forms of IPv4 nor half of the
newer blocks. For IPv6 it is the other way round: only what is handed out for the whole world is public.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NOT_PUBLIC_V4 = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a carrier's customers
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112: answers for names that nobody has
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # relays of 6to4, given up
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # measurements
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast
    )
)
_GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, measurements, ORCHID, drones and others
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, given up
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_LINK_LOCAL = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
)
# Where rented machines ask for their credentials and are not link-local.
_METADATA = frozenset(
    ipaddress.ip_address(one)
    for one in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Prefixes behind which a host, or a translator on the way, finds an IPv4 address in the last 32 bits.
_ENDS_IN_V4 = tuple(
    ipaddress.IPv6Network(block) for block in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")


def is_address(text: str) -> bool:
    """Say whether ``text`` is an address, not a name."""
    try:
        _parsed(text)
    except ValueError:
        return False
    return True


def is_public(text: str) -> bool:
    """Say whether everybody can reach an address, also where an IPv6 address stands for an IPv4 one.

    Raises ValueError for what is no address.
    """
    return _is_public(_parsed(text))


def is_never_gone_to(text: str) -> bool:
    """Say whether an address is of the link itself or gives out credentials: no receiver of anybody's is there."""
    address = _parsed(text)
    return any(
        one in _METADATA or any(one.version == block.version and one in block for block in _LINK_LOCAL)
        for one in (address, *_inside(address))
    )


def _parsed(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])  # a zone says nothing of what the address is


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in _NOT_PUBLIC_V4)
    if address.ipv4_mapped is not None:
        return _is_public(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public(_last_32_bits(address))
    return address in _GLOBAL_UNICAST_V6 and not any(address in block for block in _NOT_PUBLIC_V6)


def _inside(address: Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address may be turned into on its way."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [_last_32_bits(address)] if any(address in block for block in _ENDS_IN_V4) else []
    if address in _LOCAL_NAT64:
        # Behind a prefix of 48, 64 or 96 bits (RFC 6052); bits 64 to 71 are left out.
        whole = int(address)
        found += [
            ipaddress.IPv4Address((whole >> 64 & 0xFFFF) << 16 | whole >> 40 & 0xFFFF),
            ipaddress.IPv4Address(whole >> 24 & 0xFFFFFFFF),
            _last_32_bits(address),
        ]
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found.extend(address.teredo)
    return found


def _last_32_bits(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
