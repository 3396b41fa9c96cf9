"""How long to wait before trying again. Pure: attempt number in, seconds out; randomness is handed in.

Equal jitter, half of the step and a random part of the other half, keeps many sessions that failed at one moment from
coming back at one moment; the ceiling keeps a long outage from turning into hours of silence after it is over.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """An exponential backoff: ``first_seconds``, then doubled each time, never above ``ceiling_seconds``."""

    first_seconds: float
    ceiling_seconds: float

    def delay_seconds(self, attempt: int, chance: float) -> float:
        """Return the wait before retry number ``attempt`` (1 is the first).

        ``chance`` is a random number in [0, 1): the result lies between half of the step and the whole step.
        """
        if attempt < 1:
            message = f"attempt counts from 1, got {attempt}"
            raise ValueError(message)
        # The exponent is bounded so that attempt 5,000 of a purge does not overflow a float.
        step = min(self.ceiling_seconds, self.first_seconds * 2.0 ** min(attempt - 1, 60))
        return step / 2 + step / 2 * chance
