"""Signatures are the ones that WAHA's receivers verify."""

from __future__ import annotations

from tuntas.webhooks.signing import headers, signature

# WAHA's documentation publishes this vector.
BODY = b'{"event":"message","session":"default","engine":"WEBJS"}'
EXPECTED = (
    "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8"
    "097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89"
)


def test_signature_matches_the_published_vector() -> None:
    assert signature("my-secret-key", BODY) == EXPECTED


def test_headers_carry_the_signature_only_with_a_key() -> None:
    signed = headers(BODY, request_id="r", event_id="evt_1", timestamp=1, key="my-secret-key")
    assert signed["X-Webhook-Hmac"] == EXPECTED
    assert signed["X-Webhook-Hmac-Algorithm"] == "sha512"
    assert "X-Webhook-Hmac" not in headers(BODY, request_id="r", event_id="evt_1", timestamp=1, key=None)
