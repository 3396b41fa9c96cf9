"""How a secret is shown: ``***``, and an address without what it carries beside its host and path. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

MASK = "***"


def masked_address(url: str) -> str:
    """Return an address without its user, the values of its query and its fragment: each may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    query = "&".join(_masked_pair(pair) for pair in parts.query.split("&")) if parts.query else ""
    fragment = MASK if parts.fragment else ""
    return urlunsplit((parts.scheme, f"{MASK if user else ''}{at}{host}", parts.path, query, fragment))


def _masked_pair(pair: str) -> str:
    name, is_pair, _ = pair.partition("=")
    return f"{name}={MASK}" if is_pair else MASK
