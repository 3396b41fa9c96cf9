"""Curves become numbers of a drawing that is true to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.dashboard.plot import HEIGHT, WIDTH, PlotLine, line_of, plotted, round_above
from tuntas.measurements import Bucket, Span

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


@given(st.floats(0.001, 1e12))
def test_the_top_is_round_and_above_all_values_but_not_far(value: float) -> None:
    top = round_above(value)
    assert value <= top * (1 + 1e-9)
    assert top < value * 2.5001 or top == pytest.approx(value)
    assert f"{top:.0e}"[0] in "125"


def test_a_line_is_broken_where_nothing_was_measured() -> None:
    plot = plotted(PlotLine("server", [None, 1.0, 2.0, None, 2.0]))
    assert plot.top == 2.0
    first, second = plot.path(plot.lines[0]).split("M")[1:]
    assert first.strip() == f"{WIDTH / 4:.1f} {HEIGHT / 2:.1f} L{WIDTH / 2:.1f} 0.0"
    assert second == f"{WIDTH:.1f} 0.0 L{WIDTH:.1f} 0.0"  # a dot


def test_bars_stand_beside_each_other_and_none_is_drawn_for_nothing() -> None:
    came, went = PlotLine("in", [0.0, 5.0]), PlotLine("out", [1.0, 2.5])
    plot = plotted(came, went, least=5)
    assert plot.bars(came) == [(352.0, 0.0, 128.0, HEIGHT)]
    left, top, width, height = plot.bars(went)[1]
    assert (left, width) == (480.0, 128.0)
    assert top + height == HEIGHT
    assert height == HEIGHT / 2


def test_nothing_measured_is_told_from_nothing_happened() -> None:
    assert plotted(PlotLine("waiting", [None, None])).is_empty
    assert not plotted(PlotLine("restarts", [0.0, 0.0])).is_empty


def test_growth_is_no_noise() -> None:
    assert PlotLine("noisy", [5.0, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0, 1.0]).growth == 0.0
    assert PlotLine("growing", [1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0]).growth == 5.0
    assert PlotLine("new", [None, None]).growth == 0.0


@pytest.mark.parametrize("span", list(Span))
def test_a_span_is_divided_into_buckets_up_to_now(span: Span) -> None:
    buckets = span.buckets(NOW)
    assert buckets[-1] <= NOW < buckets[-1] + span.step
    assert len(buckets) * span.step == span.length
    assert all(span.bucket(one) == one for one in buckets)
    assert span.bucket(NOW + timedelta(0)) == buckets[-1]


def test_a_curve_is_laid_over_its_span() -> None:
    buckets = Span.HOUR.buckets(NOW)
    line = line_of("server", [Bucket(buckets[-2], 6.0, 3)], buckets, lambda one: one.mean)
    assert line.values[-3:] == [None, 2.0, None]
    assert line.latest == line.highest == 2.0
