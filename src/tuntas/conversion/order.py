"""What the worker is asked, and what it says where that cannot be done. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConversionOrder:
    """What is to be done: of ``given`` in the folder a ``made``, which is played as this kind."""

    kind: str
    folder: str
    memory_bytes: int
    media_seconds: float
    file_bytes: int


class UnfitFile(Exception):
    """It cannot be done with this file; the message says why, to whoever sent it."""


class MadeTooLarge(Exception):
    """What comes out is larger than it may be."""
