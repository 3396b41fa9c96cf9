"""What each test of the dashboard's pages needs: a visitor of its module's ``house``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from support.running import Server
from support.visitor import Visitor


@pytest.fixture(scope="module", autouse=True)
def looked_at_in_the_end(nothing_left_at_the_end: None) -> None:
    """Look at each module when it is through."""


@pytest.fixture
def visitor(house: Server, browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(browser, house.url)
    try:
        yield visitor
    finally:
        visitor.close()
