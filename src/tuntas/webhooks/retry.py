"""Whether and when a failed delivery is tried again. A decision apart from its execution; pure."""

from __future__ import annotations

from dataclasses import dataclass

from tuntas.events import Retries, RetryPolicy

# Nobody gains from a wait of days; a receiver that is down for longer gets its events by replay.
CEILING_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Another attempt is due after ``delay_seconds``."""

    delay_seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The attempts are used up; the delivery is kept as dead and can be looked at."""


def after_failure(retries: Retries, attempts_made: int) -> TryAgain | GiveUp:
    """Decide what follows the failed attempt number ``attempts_made`` (1 is the first)."""
    if attempts_made >= retries.attempts:
        return GiveUp()
    match retries.policy:
        case RetryPolicy.CONSTANT:
            delay = retries.delay_seconds
        case RetryPolicy.LINEAR:
            delay = retries.delay_seconds * attempts_made
        case RetryPolicy.EXPONENTIAL:
            delay = retries.delay_seconds * 2.0 ** min(attempts_made - 1, 30)
    return TryAgain(min(delay, CEILING_SECONDS))
