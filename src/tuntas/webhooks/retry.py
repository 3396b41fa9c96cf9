"""Whether and when a failed delivery is tried again. A decision apart from its execution; pure."""

from __future__ import annotations

from dataclasses import dataclass

from tuntas.events import Retries, RetryPolicy

# Nobody gains from a wait of days; a receiver that is down for longer gets its events by replay.
CEILING_SECONDS = 3600.0

# A tenth more at random: receivers that were down together are not all asked again in one moment.
JITTER = 0.1


# A plan without a wait must not keep the server busy with a receiver that is dead.
LEAST_STEP_SECONDS = 0.05
LEAST_CEILING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Another attempt is due after ``delay_seconds``."""

    delay_seconds: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The attempts are used up; the delivery is kept as dead and can be looked at, and replayed."""


def after_failure(
    retries: Retries, attempts_made: int, *, chance: float = 0.0, asked_seconds: float = 0.0
) -> TryAgain | GiveUp:
    """Decide what follows the failed attempt number ``attempts_made`` (1 is the first).

    ``chance`` is random, from 0 to 1; ``asked_seconds`` is what the receiver asked for by Retry-After.
    """
    if attempts_made >= retries.attempts:
        return GiveUp()
    match retries.policy:
        case RetryPolicy.CONSTANT:
            delay = retries.delay_seconds
        case RetryPolicy.LINEAR:
            delay = retries.delay_seconds * attempts_made
        case RetryPolicy.EXPONENTIAL:
            delay = retries.delay_seconds * 2.0 ** min(attempts_made - 1, 30)
    return TryAgain(min(max(delay * (1 + JITTER * chance), asked_seconds), CEILING_SECONDS))


def least_seconds(failures_in_a_row: int) -> float:
    """Return how long a receiver that has failed so often is left alone at least, whatever the plan says."""
    return min(LEAST_STEP_SECONDS * failures_in_a_row, LEAST_CEILING_SECONDS)
