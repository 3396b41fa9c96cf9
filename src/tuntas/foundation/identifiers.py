"""Identifiers that sort by time (ULID), and secrets."""

from __future__ import annotations

import hashlib
import os
import secrets
import time

# Before a key that is configured as its hash only.
HASH_PREFIX = "sha512:"
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case as WAHA writes its event ids


def ulid() -> str:
    """Return a new ULID, 26 lower-case characters: 48 bits of milliseconds, then 80 random bits."""
    value = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def secret_token() -> str:
    """Return a new random secret, 43 URL-safe characters (256 bits)."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """Return the SHA-256 of a secret, hex. Enough for random 256-bit tokens, which no dictionary can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_of_key(secret: str) -> str:
    """Return the SHA-512 of a secret, hex: the form in which WAHA's users configure their key."""
    return hashlib.sha512(secret.encode(errors="surrogateescape")).hexdigest()
