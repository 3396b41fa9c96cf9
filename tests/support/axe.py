"""Looks for barriers on a page with axe-core: what keeps people with a screen reader, a keyboard or weak eyes out."""

from __future__ import annotations

import functools
from pathlib import Path

from playwright.sync_api import Page

from support.npm_packages import installed

SOURCE = Path(__file__).parents[1] / "axe"
_RUN = """
async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).join(" | ")}`);
}
"""


@functools.cache
def axe() -> str:
    """Return axe-core's source."""
    return (installed(SOURCE) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def barriers(page: Page) -> list[str]:
    """Return what is wrong with the page in light and in dark, one line each."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(axe())
        found += [f"{scheme} {page.url}: {line}" for line in page.evaluate(_RUN)]
    return found
