"""Who holds a folder: a value for people and for the journal. Nothing here looks or acts."""

from __future__ import annotations

from dataclasses import dataclass

from tuntas.foundation.plain_values import readable


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that uses something in a folder.

    ``how`` says by what: one of ``"command line"``, ``"working directory"``, ``"root directory"``, ``"program"``,
    ``"open file"``, ``"memory map"``. ``path`` is the thing held, as the system names it now. Both names are for people
    to read: what of them is no UTF-8 is replaced.
    """

    pid: int
    name: str
    how: str
    path: str

    def __post_init__(self) -> None:
        """Make the names readable."""
        object.__setattr__(self, "name", readable(self.name))
        object.__setattr__(self, "path", readable(self.path))
