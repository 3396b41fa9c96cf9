"""Launches a browser that hangs, tells who is in its tree, and waits to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tuntas.browser.launch import launch
from windows import test_browser

assert sys.platform == "win32"


async def main() -> None:
    browser = await launch(test_browser.options(Path(sys.argv[1]), "--hang"))
    tree = await test_browser.whole_tree(browser)
    sys.stdout.write(",".join(f"{member.pid} {member.create_time!r}" for member in tree) + "\n")
    sys.stdout.flush()
    await asyncio.sleep(600)


asyncio.run(main())
