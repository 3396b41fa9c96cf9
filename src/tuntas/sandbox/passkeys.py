"""Passkeys of the phones' accounts: a software authenticator for each, and what a page goes through after a scan.

The words are WebAuthn's: a page is given request options with a challenge, and brings an assertion that the account's
passkey has signed. Whoever plays the phone can have it signed here, or put the key into an authenticator of his own.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tuntas.foundation.user_error import NotInstalled
from tuntas.sandbox.errors import MissingExtraError

if TYPE_CHECKING:
    from tuntas.sandbox.authenticator import Passkey

RELYING_PARTY = "whatsapp.com"
TIMEOUT_MILLISECONDS = 600_000
CODE_LETTERS = "123456789ABCDEFGHJKLMNPQRSTVWXYZ"
CODE_LENGTH = 8


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(slots=True)
class Ceremony:
    """What one page goes through between the scan and the pairing."""

    passkey: Passkey
    error: str | None
    skip_code: bool
    challenge: str = field(default_factory=lambda: _encoded(secrets.token_bytes(32)))
    code: str = field(default_factory=lambda: "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)))
    has_proof: bool = False

    def options(self) -> str:
        """Return the request options as WhatsApp sends them."""
        return json.dumps(
            {
                "challenge": self.challenge,
                "timeout": TIMEOUT_MILLISECONDS,
                "rpId": RELYING_PARTY,
                "allowCredentials": [],
                "userVerification": "required",
                "extensions": {"uvm": True},
            }
        )

    def take(self, credential: dict[str, Any]) -> list[dict[str, Any]]:
        """Take an assertion; return what the page is told of it."""
        if self.error is not None:
            return [{"kind": "passkey_error", "reason": self.error}]
        if not self.passkey.has_signed(credential, self.challenge):
            return [{"kind": "passkey_error", "reason": "server_error"}]
        self.has_proof = True
        return [{"kind": "passkey_code", "code": self.code, "skip": self.skip_code}]


class Passkeys:
    """The passkeys of all accounts; one is made when it is first asked for."""

    def __init__(self) -> None:
        self._by_number: dict[str, Passkey] = {}

    def of(self, number: str) -> Passkey:
        """Return an account's passkey; raises MissingExtraError without the package that signs."""
        if number not in self._by_number:
            try:
                from tuntas.sandbox.authenticator import Passkey
            except ImportError as error:
                raise MissingExtraError(str(NotInstalled("a passkey", error, "sandbox-https"))) from error
            self._by_number[number] = Passkey(number)
        return self._by_number[number]
