"""The headers by which a receiver knows that a request is ours and whole.

WAHA's names and algorithm, and beside them those of Standard Webhooks (https://www.standardwebhooks.com), for which
there are libraries in every language.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

_STANDARD_PREFIX = "whsec_"


def signature(key: str, body: bytes) -> str:
    """Return WAHA's: the HMAC-SHA512 of the raw body, hex."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def standard_signature(key: str, event_id: str, timestamp_seconds: int, body: bytes) -> str:
    """Return Standard Webhooks': ``v1,`` and the HMAC-SHA256 of id, time and body, base64."""
    signed = f"{event_id}.{timestamp_seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_standard_key(key), signed, hashlib.sha256).digest()).decode()


def headers(body: bytes, *, request_id: str, event_id: str, timestamp: int, key: str | None) -> dict[str, str]:
    """Return the headers of one delivery; ``timestamp`` is Unix time in milliseconds."""
    result = {
        "Content-Type": "application/json",
        "X-Webhook-Request-Id": request_id,
        "X-Webhook-Timestamp": str(timestamp),
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp // 1000),
    }
    if key is not None:
        result["X-Webhook-Hmac"] = signature(key, body)
        result["X-Webhook-Hmac-Algorithm"] = "sha512"
        result["webhook-signature"] = standard_signature(key, event_id, timestamp // 1000, body)
    return result


def _standard_key(key: str) -> bytes:
    """Return a key's bytes: a ``whsec_`` one is base64, any other is its text."""
    if key.startswith(_STANDARD_PREFIX):
        try:
            return base64.b64decode(key.removeprefix(_STANDARD_PREFIX), validate=True)
        except binascii.Error:
            pass  # it only looks like one
    return key.encode()
