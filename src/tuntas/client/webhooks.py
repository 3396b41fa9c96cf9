"""Whether a webhook's request is ours, and what it tells. Knows no framework: bytes and headers in, an event out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

from tuntas.client.answers import Event
from tuntas.client.errors import NotSigned

TOLERANCE_SECONDS = 300.0
_STANDARD_PREFIX = "whsec_"


def read_webhook(
    body: bytes, headers: Mapping[str, str], key: str, *, tolerance_seconds: float = TOLERANCE_SECONDS
) -> Event:
    """Return the event of a webhook's request; ``body`` is the raw one, ``key`` what ``hmac.key`` of the webhook says.

    The signature is that of Standard Webhooks. It covers the time too, so that a request which somebody has kept is
    worthless after ``tolerance_seconds``; an event that was delivered twice within them has the same ``id``.

    Raises:
        NotSigned: it has no such signature, or is too old: answer 401.
    """
    found = {name.lower(): value for name, value in headers.items()}
    event_id, told_at, signatures = (
        found.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not signatures:
        message = "The request has no signature: has the webhook an hmac.key?"
        raise NotSigned(message)
    signed = f"{event_id}.{told_at}.".encode() + body
    ours = base64.b64encode(hmac.new(_secret(key), signed, hashlib.sha256).digest())
    # Several stand there, with spaces between, while a key is being changed.
    given = [one.removeprefix("v1,").encode() for one in signatures.split(" ") if one.startswith("v1,")]
    if not any(hmac.compare_digest(ours, one) for one in given):
        message = "The signature is not that of this key and this body."
        raise NotSigned(message)
    if abs(time.time() - int(told_at)) > tolerance_seconds:
        message = "The request is too old, or a clock is wrong."
        raise NotSigned(message)
    return Event.of(json.loads(body))


def _secret(key: str) -> bytes:
    if key.startswith(_STANDARD_PREFIX):
        try:
            return base64.b64decode(key.removeprefix(_STANDARD_PREFIX), validate=True)
        except binascii.Error:
            pass  # it only looks like one: the server takes its text
    return key.encode()
