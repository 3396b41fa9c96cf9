"""Tables on a terminal: a row is a line, however narrow it is; and where nobody looks, nothing is cut off."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# For programs that read the lines, and files.
_UNBOUNDED_COLUMNS = 1000


def console_for_tables() -> Console:
    """Return a console as wide as the terminal, or wide enough for anything where there is none."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=_UNBOUNDED_COLUMNS)


def cut_to_fit(text: str) -> Text:
    """Return a cell that is cut off with … where the table would be wider than the terminal."""
    from rich.text import Text

    return Text(text, no_wrap=True, overflow="ellipsis")
