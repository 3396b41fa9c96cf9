"""How a group of commands lists them in its help: plain text, each with its whole first sentence.

Plain because Rich's panels take longer to load than all else of ``tuntas --help``; whole because what Click cuts to one
line ends where it begins to say something.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

_LONGEST_SENTENCE = 1000


class CommandGroup(TyperGroup):
    """A group whose list of commands cuts nothing off."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Click's signature
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(_LONGEST_SENTENCE))
                    for name, command in self.commands.items()
                    if not command.hidden
                ]
            )
