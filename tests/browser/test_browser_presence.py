"""What a page sees of being driven by a program, with the setting and without."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.processes import installed_browsers
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.config import Settings
from tuntas.processes import StopLimits
from tuntas.server.from_settings import engine_limits
from tuntas.whatsapp.engine import presence_flags


@pytest.mark.parametrize(("setting", "is_driven"), [("plain", False), ("as-is", True)])
def test_a_page_is_told_of_being_driven_only_as_is(tmp_path: Path, setting: str, is_driven: bool) -> None:
    limits = engine_limits(Settings(browser_presence=setting))

    async def main() -> None:
        options = LaunchOptions(installed_browsers()[0], tmp_path / "profile", presence_flags(limits))
        browser = await launch(options)
        try:
            page = await browser.first_page()
            answer = await page.call("Runtime.evaluate", {"expression": "navigator.webdriver"})
            assert answer["result"]["value"] is is_driven
        finally:
            await browser.kill(StopLimits(5, 5))

    asyncio.run(main())


def test_plain_is_what_nobody_has_to_ask_for() -> None:
    assert not engine_limits(Settings()).tells_of_driving
