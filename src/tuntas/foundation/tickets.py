"""Tickets stand for a key where that must not be: in an address, which gets into histories and into proxies' logs.

So a ticket is good once and for minutes at most. With one kind a browser opens a stream, whose ``EventSource`` and
``WebSocket`` cannot send a key in a header; with another somebody signs in to the dashboard. It is worth what its key
is worth when it is used. Tickets are kept in memory, as fingerprints: a restart ends them, and one asks for another.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from tuntas.foundation.identifiers import fingerprint, secret_token

# The oldest of a key's own goes where there are more, so that no key takes memory or another's tickets.
MOST_OF_A_KEY = 100


@dataclass(frozen=True, slots=True)
class _Open:
    mark: str
    until: float


class Tickets:
    """The tickets that were given out and not used yet."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Give out tickets that are good for ``seconds``."""
        self.seconds = seconds
        self._clock = clock
        self._open: OrderedDict[str, _Open] = OrderedDict()  # oldest first, by the ticket's fingerprint

    def issue(self, mark: str) -> str:
        """Return a new ticket for the key with this mark."""
        self._forget_expired()
        of_this_key = [ticket for ticket, one in self._open.items() if one.mark == mark]
        if len(of_this_key) >= MOST_OF_A_KEY:
            del self._open[of_this_key[0]]
        ticket = secret_token()
        self._open[fingerprint(ticket)] = _Open(mark, self._clock() + self.seconds)
        return ticket

    def redeem(self, ticket: str) -> str | None:
        """Return the mark of the key that a ticket stands for, once; None where it is unknown, used or too old."""
        self._forget_expired()
        found = self._open.pop(fingerprint(ticket), None)
        return None if found is None else found.mark

    def _forget_expired(self) -> None:
        now = self._clock()
        while self._open and next(iter(self._open.values())).until <= now:
            self._open.popitem(last=False)
