"""Whether the browser here is old for a profile: one that a newer Chromium wrote must not be opened by an older one.

An older Chromium takes a database of a later form for damaged and begins an empty one (IndexedDB tells its page
``dataLoss: "total"``): the keys would be gone, and after a move there is no other copy of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuntas.browser import BrowserNotFound, choose, version_of
from tuntas.server.adoptable import ImportRefused, Source

# Written by full browsers at each start; chrome-headless-shell writes none (seen with Chromium 156).
LAST_VERSION = "Last Version"
_LONGEST = 64  # characters; somebody else has written it


def check_age(sources: Sequence[Source], browser: Path | None) -> None:
    """Refuse profiles that a newer browser than ours has used. Blocking: asks our browser for its version.

    Raises:
        ImportRefused: one was, or there is no browser to compare with.
    """
    written = {source: major for source in sources if (major := _major_of(source.path / LAST_VERSION)) is not None}
    if not written:
        return
    try:
        ours = version_of(choose(browser))
    except BrowserNotFound as error:
        message = f"Which browser will open the sessions is not known: {error}"
        raise ImportRefused(message) from error
    for source, major in written.items():
        if major > int(ours.partition(".")[0]):
            message = (
                f"{source.path} was last used by version {major} of the browser, the one here is {ours} and could lose "
                f"its keys. Name a newer one with TUNTAS_BROWSER (`tuntas browser install`), or try it with --copy."
            )
            raise ImportRefused(message)


def _major_of(file: Path) -> int | None:
    if not file.is_file():
        return None
    with file.open(encoding="ascii", errors="replace") as text:
        said = text.read(_LONGEST).strip().partition(".")[0]
    return int(said) if said.isascii() and said.isdecimal() else None
