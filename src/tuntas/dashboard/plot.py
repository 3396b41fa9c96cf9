"""Curves as the numbers of an SVG: places in a frame of fixed size, ticks at round values. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tuntas.measurements import Bucket, Curve

WIDTH, HEIGHT = 640.0, 160.0

Value = Callable[[Bucket], float]


@dataclass(frozen=True, slots=True)
class PlotLine:
    """One curve: what it is called, and its value in each bucket; None where nothing was measured."""

    label: str
    values: Sequence[float | None]

    @property
    def latest(self) -> float | None:
        """The newest value."""
        return next((one for one in reversed(self.values) if one is not None), None)

    @property
    def highest(self) -> float | None:
        """The largest value."""
        return max((one for one in self.values if one is not None), default=None)

    @property
    def growth(self) -> float:
        """How much the last quarter of what there is lies above the first, on average: noise is no growth."""
        known = [one for one in self.values if one is not None]
        part = max(1, len(known) // 4)
        return _mean(known[-part:]) - _mean(known[:part]) if known else 0.0


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines, or bars beside each other, over the same buckets; ``top`` is a round value above all of them."""

    lines: Sequence[PlotLine]
    top: float

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was measured."""
        return all(one.latest is None for one in self.lines)

    def path(self, line: PlotLine) -> str:
        """Return a line as an SVG path, broken where nothing was measured."""
        step = WIDTH / max(1, len(line.values) - 1)
        return " ".join(
            _drawn([(index * step, self._height(value)) for index, value in part]) for part in _unbroken(line.values)
        )

    def bars(self, line: PlotLine) -> list[tuple[float, float, float, float]]:
        """Return a line's values that are not 0 as rectangles: left, top, width, height."""
        slot = WIDTH / max(1, len(line.values))
        width = slot * 0.8 / len(self.lines)
        shift = slot * 0.1 + width * list(self.lines).index(line)
        return [
            (
                round(index * slot + shift, 1),
                self._height(value),
                round(width, 1),
                round(HEIGHT - self._height(value), 1),
            )
            for index, value in enumerate(line.values)
            if value
        ]

    def _height(self, value: float) -> float:
        return round(HEIGHT * (1 - value / self.top), 1)


def plotted(*lines: PlotLine, least: float = 1.0) -> Plot:
    """Return a frame for these lines; its top is never below ``least``, so that next to nothing looks like it."""
    return Plot(lines, round_above(max(least, *(one.highest or 0.0 for one in lines))))


def line_of(
    label: str, curve: Curve, buckets: Sequence[datetime], value: Value, *, missing: float | None = None
) -> PlotLine:
    """Lay a curve over the buckets of its span."""
    known = {one.at: value(one) for one in curve}
    return PlotLine(label, [known.get(at, missing) for at in buckets])


def round_above(value: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten that is not below ``value``, which is above 0."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * one for one in (1, 2, 5, 10) if power * one >= value * (1 - 1e-9))


def _unbroken(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    part: list[tuple[int, float]] = []
    for index, value in enumerate(values):
        if value is not None:
            part.append((index, value))
        elif part:
            yield part
            part = []
    if part:
        yield part


def _drawn(points: Sequence[tuple[float, float]]) -> str:
    # A single point is drawn as a line of no length, which a round end makes a dot.
    points = [*points, points[0]] if len(points) == 1 else points
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
