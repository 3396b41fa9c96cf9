"""The refs in QR codes: which page holds which one, and until when a scan of it counts.

Pure; time is an argument (seconds on a clock that never goes back). A ref dies when its page gets a newer one, when it
is scanned, when its time is up, and when its page goes away.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from tuntas.foundation.identifiers import secret_token
from tuntas.sandbox.errors import ExpiredRefError, MalformedQrError, UnknownRefError
from tuntas.sandbox.model import DeviceKeys

EXPIRED_REMEMBERED = 1_000
"""So many dead refs are told from unknown ones; a client's error message is all that hangs on it."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref in the hands of a page."""

    text: str
    keys: DeviceKeys
    expires: float


class Refs:
    """All refs that pages show at the moment, one a page."""

    def __init__(self) -> None:
        self._by_text: dict[str, Ref] = {}
        self._by_device: dict[str, Ref] = {}
        self._expired: OrderedDict[str, None] = OrderedDict()

    def issue(self, keys: DeviceKeys, now: float, lifetime_seconds: float) -> Ref:
        """Give the page a new ref in place of the one it had."""
        self.withdraw(keys.device)
        ref = Ref(f"2@{secret_token()}{secret_token()}", keys, now + lifetime_seconds)
        self._by_text[ref.text] = self._by_device[keys.device] = ref
        return ref

    def withdraw(self, device: str) -> None:
        """Let the page's ref expire."""
        ref = self._by_device.pop(device, None)
        if ref is None:
            return
        del self._by_text[ref.text]
        self._expired[ref.text] = None
        while len(self._expired) > EXPIRED_REMEMBERED:
            self._expired.popitem(last=False)

    def held_by(self, device: str) -> Ref | None:
        """Return the ref that the page shows, if any."""
        return self._by_device.get(device)

    def redeem(self, qr: str, now: float) -> DeviceKeys:
        """Take the ref in a QR's text, and return the keys of the page that shows it.

        The text is ``ref,public key,identity key,secret`` and perhaps a platform, as a phone would read it.
        Raises ``MalformedQrError``, ``UnknownRefError`` (409) or ``ExpiredRefError`` (410).
        """
        parts = qr.split(",")
        if len(parts) < 4 or not all(parts[:4]):
            message = "a QR holds at least four parts, separated by commas: ref, public key, identity key, secret"
            raise MalformedQrError(message)
        text, noise_key, identity_key = parts[:3]
        ref = self._by_text.get(text)
        if text in self._expired or (ref is not None and ref.expires <= now):
            message = "this QR has expired: scan the one the page shows now"
            raise ExpiredRefError(message)
        if ref is None:
            message = "no page shows this QR"
            raise UnknownRefError(message)
        if (ref.keys.noise_key, ref.keys.identity_key) != (noise_key, identity_key):
            message = "the keys in this QR are not those of the page that was given its ref"
            raise UnknownRefError(message)
        self.withdraw(ref.keys.device)
        return ref.keys
