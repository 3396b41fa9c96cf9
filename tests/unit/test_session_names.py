"""Which names a new session may have."""

from __future__ import annotations

import pytest

from tuntas.api.app import route_words, routes
from tuntas.profiles.guards import is_device_name
from tuntas.sessions.names import refusal_of, words_beside_names


@pytest.mark.parametrize("name", ["CON", "con", "Nul", "aux", "PRN", "COM1", "com0", "LPT9", "CONIN$", "lpt²"])
@pytest.mark.parametrize("behind", ["", ".txt", ".01JC", " .x", ".tar.gz"])
def test_names_of_devices_are_known_also_with_extensions(name: str, behind: str) -> None:
    assert is_device_name(name + behind)
    assert refusal_of(name + behind) is not None


@pytest.mark.parametrize("name", ["console", "com", "com10", "nul-1", "x.con", "shop", "lptx", "icon"])
def test_names_that_only_look_like_devices_are_fine(name: str) -> None:
    assert refusal_of(name) is None


@pytest.mark.parametrize("name", ["all", "ALL", "Server", "sessions", "sendText", "SENDTEXT", "keys", "terminate"])
def test_words_of_addresses_are_refused_in_any_case(name: str) -> None:
    assert refusal_of(name, route_words()) is not None


def test_every_static_first_segment_of_the_api_is_refused() -> None:
    paths = routes("1").openapi()["paths"]
    first = {path.split("/")[2] for path in paths if path.startswith("/api/")}
    words = {one for one in first if not one.startswith("{")}
    assert len(words) > 20
    assert not [word for word in words if refusal_of(word, route_words()) is None]


def test_words_are_those_that_stand_where_a_name_stands() -> None:
    paths = ["/api/{session}/auth/qr", "/api/keys/{id}", "/api/keys", "/live/{name}", "/live/Idle", "/health", "/api/"]
    assert words_beside_names(paths) == {"keys", "idle"}
