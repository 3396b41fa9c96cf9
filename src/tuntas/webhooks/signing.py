"""The headers by which a receiver knows that a request is ours and whole. Names and algorithm are WAHA's."""

from __future__ import annotations

import hashlib
import hmac


def signature(key: str, body: bytes) -> str:
    """Return the HMAC-SHA512 of the raw body, hex."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def headers(body: bytes, *, request_id: str, timestamp: int, key: str | None) -> dict[str, str]:
    """Return the headers of one delivery; ``timestamp`` is Unix time in milliseconds."""
    result = {
        "Content-Type": "application/json",
        "X-Webhook-Request-Id": request_id,
        "X-Webhook-Timestamp": str(timestamp),
    }
    if key is not None:
        result["X-Webhook-Hmac"] = signature(key, body)
        result["X-Webhook-Hmac-Algorithm"] = "sha512"
    return result
