"""A world of its own for each story about the sandbox's page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.sandbox_pages import ANI, BUDI, Story, World
from tuntas.sandbox.server import Sandbox, SandboxSettings


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Run a story in a world of its own; settings may be given."""

    def run(story: Story, **settings: Any) -> None:
        async def whole() -> None:
            async with (
                Sandbox(SandboxSettings(port=0, **settings)) as sandbox,
                httpx.AsyncClient(base_url=sandbox.url) as client,
            ):
                world = World(sandbox, client, tmp_path)
                await world.ask("phones", number=ANI, name="Ani")
                await world.ask("phones", number=BUDI, name="Budi Santoso")
                await story(world)

        asyncio.run(whole())

    return run
