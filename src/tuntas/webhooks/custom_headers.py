"""Which headers a receiver may ask for; pure. The door asks it before a configuration is taken, the wire once more.

What is refused would change how the request is framed or where it goes, would be taken away on the way, or would pass
itself off as ours.
"""

from __future__ import annotations

import re

LONGEST_NAME = 100
LONGEST_VALUE = 4096

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token of RFC 9110
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|")

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_WHY_NOT = {
    "host": "names the receiver, which the address does",
    "expect": "would have us wait for an answer before the body",
    "accept-encoding": "is ours: answers are not unpacked",
}
_OUR_PREFIXES = ("x-webhook-", "webhook-", "idempotency-")


def refused_name(name: str) -> str | None:
    """Return why a header of this name cannot be sent, None if it can."""
    lower = name.lower()
    if _NAME.fullmatch(name) is None:
        return "is no name of a header: letters, digits and !#$%&'*+-.^_`|~"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    if lower.startswith("content-"):
        return "describes the body, which we write"
    if lower in _HOP_BY_HOP:
        return "is for the connection, not for the receiver"
    if lower.startswith(_OUR_PREFIXES):
        return "is ours"
    return _WHY_NOT.get(lower)


def refused_value(value: str) -> str | None:
    """Return why a header cannot have this value, None if it can. The value is a secret: it is never repeated."""
    if len(value) > LONGEST_VALUE:
        return f"is longer than {LONGEST_VALUE} characters"
    if _VALUE.fullmatch(value) is None:
        return "may have visible ASCII characters only, and spaces or tabs between them"
    return None
