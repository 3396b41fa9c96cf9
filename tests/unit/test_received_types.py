"""The type of a received file, which its sender has chosen, on its way into a header."""

from __future__ import annotations

import pytest

from tuntas.api.files import UNKNOWN, known_type


@pytest.mark.parametrize("mimetype", ["image/png", "audio/ogg; codecs=opus", 'text/plain; charset="utf-8"'])
def test_a_type_is_kept(mimetype: str) -> None:
    assert known_type(mimetype) == mimetype


@pytest.mark.parametrize(
    "mimetype", ["", "image", "image/png\n", "image/png\r\nX-More: 1", "image/png; a=b\n", "imäge/png", "image/png; a"]
)
def test_what_cannot_stand_in_a_header_is_the_unknown_type(mimetype: str) -> None:
    assert known_type(mimetype) == UNKNOWN
