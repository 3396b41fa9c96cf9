"""What the rounds of a measurement come to: a middle, a spread, a ratio. Pure.

A value of None says that it did not happen within the time that it was watched; such values have a place in the middle:
behind all others.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Value = float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of one thing, one a round, in the order of the rounds."""

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("a sample without a value")

    @property
    def median(self) -> Value:
        """The middle; None if at least half of the rounds never came to it."""
        middle = statistics.median(math.inf if one is None else one for one in self.values)
        return None if math.isinf(middle) else middle

    @property
    def least(self) -> Value:
        return min((one for one in self.values if one is not None), default=None)

    @property
    def most(self) -> Value:
        return None if None in self.values else max(one for one in self.values if one is not None)


def ratio(ours: Sample, theirs: Sample) -> Value:
    """Return the middle of the rounds' own ratios: what slows a whole round down counts for both and cancels out.

    None where a ratio has no meaning: theirs is nothing, or one of the two never came to it.
    """
    pairs = zip(ours.values, theirs.values, strict=False)
    of_rounds = [one / other for one, other in pairs if one is not None and other]
    return statistics.median(of_rounds) if of_rounds else None


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all (0 to 1) does not exceed; the nearest one that was measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return by how much y grows for each x, as the line with the least squares has it."""
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope
