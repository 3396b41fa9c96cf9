"""A software authenticator: one account's passkey, which signs challenges as a phone's would. Needs `cryptography`."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

RELYING_PARTY = "whatsapp.com"
ORIGIN = "https://web.whatsapp.com"
USER_PRESENT_AND_VERIFIED = 0x05


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Passkey:
    """One account's passkey."""

    def __init__(self, number: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = secrets.token_bytes(32)
        self._user = number.encode()

    def describe(self) -> dict[str, Any]:
        """Return the passkey as CDP's ``WebAuthn.addCredential`` takes it."""
        encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
        private = self._key.private_bytes(encoding, form, serialization.NoEncryption())
        return {
            "credentialId": base64.b64encode(self._id).decode(),
            "isResidentCredential": True,
            "rpId": RELYING_PARTY,
            "privateKey": base64.b64encode(private).decode(),
            "userHandle": base64.b64encode(self._user).decode(),
            "signCount": 0,
        }

    def sign(self, challenge: str) -> dict[str, Any]:
        """Return an assertion for a challenge (base64 for URLs), as ``PublicKeyCredential.toJSON`` has it."""
        client = {"type": "webauthn.get", "challenge": challenge, "origin": ORIGIN, "crossOrigin": False}
        data = json.dumps(client, separators=(",", ":")).encode()
        authenticator = hashlib.sha256(RELYING_PARTY.encode()).digest() + bytes([USER_PRESENT_AND_VERIFIED, 0, 0, 0, 0])
        signature = self._key.sign(authenticator + hashlib.sha256(data).digest(), ec.ECDSA(hashes.SHA256()))
        return {
            "id": _encoded(self._id),
            "rawId": _encoded(self._id),
            "type": "public-key",
            "response": {
                "clientDataJSON": _encoded(data),
                "authenticatorData": _encoded(authenticator),
                "signature": _encoded(signature),
                "userHandle": _encoded(self._user),
            },
        }

    def has_signed(self, credential: dict[str, Any], challenge: str) -> bool:
        """Say whether an assertion is this passkey's answer to the challenge."""
        try:
            response = {
                name: _decoded(credential["response"][name]) for name in ("clientDataJSON", "authenticatorData")
            }
            client = json.loads(response["clientDataJSON"])
            signed = response["authenticatorData"] + hashlib.sha256(response["clientDataJSON"]).digest()
            signature = _decoded(credential["response"]["signature"])
            self._key.public_key().verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except (KeyError, TypeError, ValueError, InvalidSignature):
            return False
        of_whatsapp = response["authenticatorData"][:32] == hashlib.sha256(RELYING_PARTY.encode()).digest()
        is_answer = client.get("type") == "webauthn.get" and client.get("challenge") == challenge
        return of_whatsapp and is_answer and _decoded(credential["rawId"]) == self._id
