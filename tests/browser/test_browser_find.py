"""The browser of this machine."""

from __future__ import annotations

from tuntas.browser import choose, version_of


def test_the_installed_browser_names_its_version() -> None:
    assert version_of(choose()).count(".") == 3
