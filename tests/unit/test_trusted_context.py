"""Which execution context is believed: the main world of the main frame, at WhatsApp's address, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from tuntas.whatsapp.contexts import TrustedContext, origin_of


def created(number: int, **more: Any) -> dict[str, Any]:
    about = {"isDefault": True, "type": "default", "frameId": "main"} | more.pop("auxData", {})
    return {
        "context": {"id": number, "uniqueId": f"u{number}", "name": "", "origin": "https://web.whatsapp.com"}
        | more
        | {"auxData": about}
    }


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://web.whatsapp.com/", "https://web.whatsapp.com"),
        ("https://web.whatsapp.com:443/x?y#z", "https://web.whatsapp.com"),
        ("http://127.0.0.1:3999/", "http://127.0.0.1:3999"),
        ("http://user:word@localhost:80", "http://localhost"),
        ("http://[::1]:3999/", "http://[::1]:3999"),
        ("https://WEB.whatsapp.com/", "https://web.whatsapp.com"),
        ("https://example.com:80/", "https://example.com:80"),
    ],
)
def test_origins_are_written_as_chromium_writes_them(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_the_main_world_of_the_main_frame_at_its_address_is_trusted_until_it_goes() -> None:
    context = TrustedContext("main", "https://web.whatsapp.com/")
    assert not context.is_it(None)
    context.created(created(3))
    assert (context.is_it(3), context.is_it(4), context.unique_id) == (True, False, "u3")
    context.destroyed({"executionContextId": 4})
    assert context.is_it(3)
    context.destroyed({"executionContextId": 3})
    assert (context.is_it(3), context.unique_id) == (False, None)
    context.created(created(1))
    context.cleared({})
    assert not context.is_it(1)


@pytest.mark.parametrize(
    "other",
    [
        {"auxData": {"frameId": "another"}},
        {"auxData": {"isDefault": False, "type": "isolated"}},
        {"auxData": {"isDefault": False, "type": "worker"}},
    ],
)
def test_other_worlds_and_frames_are_not_trusted_and_take_nothing_away(other: dict[str, Any]) -> None:
    context = TrustedContext("main", "https://web.whatsapp.com/")
    context.created(created(1))
    context.created(created(2, **other))
    assert (context.is_it(1), context.is_it(2)) == (True, False)


@pytest.mark.parametrize(
    "origin", ["http://web.whatsapp.com", "https://web.whatsapp.com.evil.example", "://", "null", ""]
)
def test_a_main_frame_somewhere_else_is_not_trusted_and_ends_the_trust_in_what_was_there(origin: str) -> None:
    context = TrustedContext("main", "https://web.whatsapp.com/")
    context.created(created(1))
    context.created(created(2, origin=origin))
    assert not context.is_it(1)
    assert not context.is_it(2)
    assert context.unique_id is None
