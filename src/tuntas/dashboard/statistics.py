"""Curves over an hour, a day or a month: memory, messages, restarts, deliveries; and which session grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.plot import Plot, PlotLine, line_of, plotted
from tuntas.dashboard.words import N_
from tuntas.measurements import Bucket, Curve, Series, Span

# The rest is small, or does not grow: a page of two hundred curves tells nobody anything.
SESSIONS_SHOWN = 24
MEGABYTE = 1_000_000

SPANS = {Span.HOUR: N_("An hour"), Span.DAY: N_("A day"), Span.MONTH: N_("A month")}
_AGO = {Span.HOUR: N_("1 hour ago"), Span.DAY: N_("1 day ago"), Span.MONTH: N_("30 days ago")}
_STEPS = {Span.HOUR: N_("per minute"), Span.DAY: N_("per 15 minutes"), Span.MONTH: N_("per 6 hours")}


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot with its name, how its values are written (size, number, time) and whether they are sums."""

    id: str
    name: str
    plot: Plot
    unit: str
    is_bars: bool = False


async def show(request: PageRequest) -> Response:
    """Show the curves; a part of the page, where that is asked for."""
    asked = request.http.query_params.get("span", "")
    span = Span(asked) if asked in set(Span) else Span.HOUR
    now = request.context.now()
    curves, buckets = await request.context.measurements.read(span, now), span.buckets(now)
    is_limited = request.caller is None or request.caller.sessions is not None
    growing = _sessions(request, curves, buckets)
    return request.page(
        "statistics_curves.html" if request.is_part else "statistics.html",
        span=span,
        spans=SPANS,
        ago=_AGO[span],
        step=_STEPS[span],
        charts=[] if is_limited else _charts(request, curves, buckets),
        sessions=growing[:SESSIONS_SHOWN],
        more=max(0, len(growing) - SESSIONS_SHOWN),
    )


def _charts(
    request: PageRequest, curves: Mapping[tuple[Series, str], Curve], buckets: Sequence[datetime]
) -> list[Chart]:
    def level(label: str, series: Series) -> PlotLine:
        return line_of(request.say(label), curves.get((series, ""), ()), buckets, _mean)

    def rate(label: str, series: Series) -> PlotLine:
        return line_of(request.say(label), curves.get((series, ""), ()), buckets, _total, missing=0.0)

    browsers = _summed(request, curves, buckets)
    in_order, restarts = N_("Messages"), N_("Restarts of browsers")
    messages = plotted(rate(N_("received"), Series.MESSAGES_IN), rate(N_("sent"), Series.MESSAGES_OUT), least=5)
    return [
        Chart(
            "memory",
            request.say(N_("Memory")),
            plotted(browsers, level(N_("server"), Series.SERVER_MEMORY), least=MEGABYTE),
            "size",
        ),
        Chart("messages", request.say(in_order), messages, "number", is_bars=True),
        Chart(
            "restarts", request.say(restarts), plotted(rate(restarts, Series.RESTARTS), least=5), "number", is_bars=True
        ),
        Chart(
            "waiting",
            request.say(N_("Deliveries that wait")),
            plotted(level(N_("waiting"), Series.DELIVERIES_WAITING), least=5),
            "number",
        ),
        Chart(
            "delivery",
            request.say(N_("Time that a receiver takes")),
            plotted(level(N_("mean"), Series.DELIVERY_SECONDS), least=0.01),
            "time",
        ),
    ]


def _summed(request: PageRequest, curves: Mapping[tuple[Series, str], Curve], buckets: Sequence[datetime]) -> PlotLine:
    """Return what all browsers took together: the sum of their means."""
    totals: dict[datetime, float] = {}
    for (series, session), curve in curves.items():
        if series is Series.BROWSER_MEMORY and session:
            for one in curve:
                totals[one.at] = totals.get(one.at, 0.0) + one.mean
    return PlotLine(request.say(N_("browsers")), [totals.get(at) for at in buckets])


def _sessions(
    request: PageRequest, curves: Mapping[tuple[Series, str], Curve], buckets: Sequence[datetime]
) -> list[tuple[PlotLine, Plot]]:
    """Return each session's memory that the reader may see, first what has grown most."""
    lines = [
        line_of(one.name, curves[Series.BROWSER_MEMORY, one.name], buckets, _mean)
        for one in request.context.sessions.all()
        if (Series.BROWSER_MEMORY, one.name) in curves
    ]
    top = max((one.highest or 0.0 for one in lines), default=0.0)
    lines.sort(key=lambda one: (-one.growth, one.label))
    return [(one, plotted(one, least=max(top, MEGABYTE))) for one in lines]


def _mean(bucket: Bucket) -> float:
    return bucket.mean


def _total(bucket: Bucket) -> float:
    return bucket.total
