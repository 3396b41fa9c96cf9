"""The cookie of somebody who is signed in, and the token that guards their forms.

Its value is an expiry, a random part and a signature over both with the fingerprint of the key that opened the door. It
holds neither the key nor its fingerprint; and since only keys that are good now are tried, a revoked key's cookie is
worthless at the same moment, with no list to keep. Pure: time and the secret are handed in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

_LONGEST_EXPIRY = 12  # digits; Python refuses to read numbers of thousands


class SignedCookie:
    """Issues the values of the cookie and reads them."""

    def __init__(self, secret: str, lifetime: timedelta) -> None:
        """Sign with ``secret``."""
        self._secret = secret.encode()
        self._lifetime = lifetime
        # Cookies do not know ports: two servers on one host must not sign each other's visitors out.
        self.name = f"tuntas_{hashlib.sha256(self._secret).hexdigest()[:8]}"

    @property
    def lifetime_seconds(self) -> int:
        """How long a value is good."""
        return int(self._lifetime.total_seconds())

    def issue(self, mark: str, now: datetime) -> str:
        """Return a new value for the key with this mark."""
        stated = f"{int((now + self._lifetime).timestamp())}.{secrets.token_urlsafe(16)}"
        return f"{stated}.{self._signature('pass', stated, mark)}"

    def mark_of(self, value: str, marks: Iterable[str], now: datetime) -> str | None:
        """Return the mark that this value was issued for, if it is one of ``marks`` and the pass has not expired."""
        stated, _, signature = value.rpartition(".")
        expiry = stated.partition(".")[0]
        is_number = expiry.isascii() and expiry.isdecimal() and len(expiry) <= _LONGEST_EXPIRY
        if not is_number or int(expiry) <= now.timestamp():
            return None
        for mark in marks:
            # As bytes: whoever sends the cookie may write letters that are not ASCII.
            if hmac.compare_digest(self._signature("pass", stated, mark).encode(), signature.encode(errors="replace")):
                return mark
        return None

    def form_token(self, value: str) -> str:
        """Return the token that the forms of this cookie's owner carry."""
        return self._signature("form", value, "")

    def _signature(self, use: str, stated: str, mark: str) -> str:
        return hmac.new(self._secret, f"{use}\n{stated}\n{mark}".encode(), hashlib.sha256).hexdigest()
