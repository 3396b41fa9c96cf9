"""Whose fault it is that a browser or its page had to go. Pure: the reason in, who is to blame out.

Ours (a crash, a page that hangs) is tried again a few times in a row; then a person should look. The world's (no
network, WhatsApp's servers, a full disk) passes by itself: it is tried again for as long as it takes, and spends no
budget. What only a person can mend is not tried at once, for that could do harm, but once in a long while.
"""

from __future__ import annotations

from enum import Enum, auto


class Blame(Enum):
    """Who has to mend it."""

    OURS = auto()
    WORLD = auto()
    PERSON = auto()


# What a network that is away looks like from here, certain or not.
NETWORK = frozenset({"page_unreachable", "connection_lost", "service_unavailable", "proxy_unreachable"})
_PERHAPS_NETWORK = frozenset({"page_silent", "page_did_not_load", "pairing_stalled", "qr_not_renewed", "page_hung"})

# Nobody answered: the page is loaded anew, and shows a QR again.
_UNANSWERED = frozenset({"passkey_not_answered"})

_WORLD = NETWORK | _UNANSWERED | {"disk_full", "storage_failure"}
_PERSON = frozenset({"proxy_refused", "temporary_ban", "unsupported_browser", "terms_not_accepted", "update_required"})

REPLACED = "replaced"

# A session's own proxy is the way that is away: told by name, for the page would only go on without an end.
PROXY = frozenset({"proxy_unreachable", "proxy_refused"})

# What another build of the page may mend.
_OF_THIS_BUILD = frozenset({"whatsapp_web_changed", "update_required", "unsupported_browser"})


def is_of_this_build(reason: str) -> bool:
    """Whether a fault lies in the page as WhatsApp has built it, so that another build is worth a try."""
    return reason in _OF_THIS_BUILD


def must_not_start_by_itself(reason: str) -> bool:
    """Whether a start after this fault does harm: into a ban, or into a place that another login has taken."""
    return reason in ("temporary_ban", REPLACED)


def blame_for(reason: str, *, is_network_away: bool = False, takes_over: bool = False) -> Blame:
    """Return who is to blame for a fault.

    ``is_network_away``: WhatsApp's servers cannot be reached from here now. ``takes_over``: another login in this one's
    place is answered by loading the page anew, which replaces that one; else only a person may say so.
    """
    if reason in _WORLD or (is_network_away and reason in _PERHAPS_NETWORK):
        return Blame.WORLD
    if reason == REPLACED:
        return Blame.WORLD if takes_over else Blame.PERSON
    return Blame.PERSON if reason in _PERSON else Blame.OURS
