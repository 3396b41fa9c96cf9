"""Which names a server answers to, and from which page a request comes. Pure.

A page of a stranger can have its own name lead to this machine (DNS rebinding), and a browser then takes both for one
site; but it says the stranger's name in ``Host``. So a server on loopback answers to loopback's own names only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

EVERYBODY = "*"


class HostNames:
    """Judges ``Host`` headers."""

    def __init__(self, bound: str, more: Iterable[str] = ()) -> None:
        """Answer on the address ``bound``, and to the names ``more``; ``*`` is every name.

        One that is bound elsewhere than on loopback and is told no names answers to all: it cannot know its own.
        """
        self._names = {_plain(name) for name in more}
        self._is_open = EVERYBODY in self._names or (not self._names and not _is_loopback(_plain(bound)))
        self._names.add(_plain(bound))

    def allow(self, host: str | None) -> bool:
        """Whether a request with this ``Host`` is answered. One without comes from no browser."""
        if self._is_open or host is None:
            return True
        name = _plain(_without_port(host))
        return name in self._names or _is_loopback(name)


def is_own_origin(origin: str, host: str | None) -> bool:
    """Whether a request with this ``Origin`` comes from a page of the ``Host`` that it asks."""
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False


def _plain(name: str) -> str:
    return name.strip().lower().removeprefix("[").removesuffix("]").removesuffix(".")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
