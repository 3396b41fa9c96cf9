"""A passkey's answer, checked before it goes to WhatsApp. Pure: whether it signs the very challenge that is open.

WhatsApp ends the linking at an answer that is not right. What can be seen to be wrong from here is refused and costs
nothing: an answer to an earlier challenge, or one that was signed for another website.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

WHATSAPP = "https://web.whatsapp.com"

_BASE64_URL = re.compile(r"[A-Za-z0-9_-]{1,8192}={0,2}")
_SIGNED = ("clientDataJSON", "authenticatorData", "signature")


def fault_in(assertion: Mapping[str, Any], challenge: str) -> str | None:
    """Say what is wrong with ``assertion`` (``PublicKeyCredential.toJSON``) as the answer to ``challenge``."""
    response = assertion.get("response")
    if not isinstance(response, Mapping):
        return "it has no response"
    parts = {"id": assertion.get("id"), "rawId": assertion.get("rawId")}
    parts |= {name: response.get(name) for name in _SIGNED}
    for name, value in parts.items():
        if not isinstance(value, str) or _BASE64_URL.fullmatch(value) is None:
            return f"its {name} is no base64 for URLs"
    try:
        said = json.loads(_decoded(str(parts["clientDataJSON"])))
        kind, signed, origin = (str(said[name]) for name in ("type", "challenge", "origin"))
    except (KeyError, TypeError, ValueError):  # errors of base64 and of JSON are ValueErrors
        return "its clientDataJSON cannot be read"
    if kind != "webauthn.get":
        return "it is no answer to a challenge (navigator.credentials.get)"
    if signed.rstrip("=") != challenge.rstrip("="):
        return "it answers another challenge than the one that is open now"
    if origin != WHATSAPP:
        return f"it was signed at another address than {WHATSAPP}"
    return None


def _decoded(text: str) -> bytes:
    bare = text.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
