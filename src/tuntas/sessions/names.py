"""Which names a session may be given; pure. Asked when a session is made: one that has its name already keeps it.

Some disks do not tell letters' cases apart, Windows keeps some names for devices, and a name stands in addresses where
the API has words of its own. Names are equal without regard to case, everywhere, so that a data folder can move.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tuntas.profiles.guards import folded, is_device_name

# Words that addresses have, or will have, in the place of a session's name, whatever the routes are today.
_ALWAYS = frozenset({"all", "server", "sessions"})
_SESSION_IN_PATH = re.compile(r"\{(session|name)\}")
_FIRST_SEGMENT = re.compile(r"([^/{]+)(/|$)")


def refusal_of(name: str, route_words: frozenset[str] = frozenset()) -> str | None:
    """Return why no new session may be called ``name``, None if it may; ``route_words`` are folded."""
    if is_device_name(name):
        return "Windows keeps this name for a device"
    if folded(name) in _ALWAYS | route_words:
        return "it is a word of the API's addresses"
    return None


def words_beside_names(paths: Iterable[str]) -> frozenset[str]:
    """Return, folded, the words that stand in ``paths`` where others of them have a session's name."""
    paths = list(paths)
    before = {path[: found.start()] for path in paths for found in _SESSION_IN_PATH.finditer(path)}
    rests = (path.removeprefix(one) for path in paths for one in before if path.startswith(one))
    return frozenset(folded(found[1]) for rest in rests if (found := _FIRST_SEGMENT.match(rest)))
