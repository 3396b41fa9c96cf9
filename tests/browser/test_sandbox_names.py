"""What the sandbox's page calls its modules and their exports is what the real page calls them.

The list is made of public dumps of the real page; names are facts, and nothing else of it is here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from support.sandbox_pages import World

LIST = Path(__file__).parents[1] / "support" / "real_page_names.tsv"

NOT_ON_THE_REAL_PAGE = {
    # whatsapp-web.js 1.34.7 blocks people through it; the real page has it no more.
    "WAWebBlockContactUtils": {"getContactToBlockOnlyUseIfNoAssociatedChat"},
}
THE_LOADERS_OWN = {"__debug", "react"}
"""Part of the module loader, not of WhatsApp."""
INNER_WORKS = "Sandbox"
"""No module of the real page begins with this word, and no library looks at those that do."""

EXPORTS = """JSON.stringify(Object.fromEntries(
  Object.keys(require('__debug').modulesMap).map((id) => [id, Object.keys(importNamespace(id))])))"""


def real_names() -> dict[str, set[str]]:
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {module: set(names.split(",")) for module, _dump, names in (line.split("\t") for line in lines)}


def test_modules_and_exports_are_named_as_on_the_real_page(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            found: dict[str, list[str]] = json.loads(await page.evaluate(EXPORTS))
        real = real_names()
        ours = {id_: set(names) for id_, names in found.items() if not id_.startswith(INNER_WORKS)}
        assert sorted(set(ours) - set(real) - THE_LOADERS_OWN) == []
        invented = {id_: names - real[id_] for id_, names in ours.items() if id_ in real and not names <= real[id_]}
        assert invented == NOT_ON_THE_REAL_PAGE

    play(story)
