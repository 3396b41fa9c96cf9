"""How often and how patiently profiles are removed. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemovalSettings:
    """How often and how patiently.

    ``attempts`` and ``delay_seconds`` (up to half as much again at random) are the foreground's; the background waits
    ``first_retry_seconds``, then doubles it up to ``retry_ceiling_seconds``. ``step_seconds`` limits one act on the
    disk, ``slice_seconds`` one turn of a purge before the next one's turn, ``scan_seconds`` one scan for holders.
    """

    attempts: int = 3
    delay_seconds: float = 2.0
    first_retry_seconds: float = 1.0
    retry_ceiling_seconds: float = 300.0
    look_again_seconds: float = 0.5
    step_seconds: float = 10.0
    slice_seconds: float = 20.0
    scan_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            message = f"at least one attempt is needed, got {self.attempts}"
            raise ValueError(message)
