"""``GET /metrics``: how much of everything there is, for Prometheus. Counts only: no name, number or path ever.

Nearly all is read at each scrape from what the server knows anyway, so that it cannot drift from the truth or cost
anything between two scrapes; what has to be counted while it happens is in ``foundation/metrics.py``. Open to all like
``/healthz``, for scrapers seldom have a key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi.responses import Response
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from tuntas.api.context import ApiContext, ContextHere
from tuntas.api.errors import shown
from tuntas.api.json_requests import json_router
from tuntas.canary.course import Course
from tuntas.canary.report import Verdict
from tuntas.foundation.metrics import REGISTRY
from tuntas.foundation.tasks import blocking
from tuntas.processes.browsers import running_browsers
from tuntas.profiles import Reason, Removal, RemovalState
from tuntas.sessions.machine import Status
from tuntas.webhooks.ports import LaneReport

router = json_router(tags=["health"])
_LANES = ("waiting", "failing", "stuck")
_SHOWN = shown('tuntas_sessions{status="WORKING"} 3.0\n', "text/plain")


@router.get("/metrics", responses=_SHOWN, summary="Metrics for Prometheus", response_class=Response)
async def metrics(context: ContextHere) -> Response:
    """Return all metrics in Prometheus' text format. Needs no key."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Snapshot(await _families(context)))
    # The plain format, whatever is asked for: every scraper reads it.
    return Response(
        generate_latest(registry) + generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
    )


async def _families(context: ApiContext) -> list[Metric]:
    browsers = await blocking(running_browsers, context.profiles_dir)
    oldest = await context.outbox.oldest_waiting()
    waiting_seconds = 0.0 if oldest is None else (context.now() - oldest).total_seconds()
    statuses = Counter(one.status.value for one in context.sessions.all())
    lanes = Counter(_lane_state(one) for one in context.lanes())
    return [
        _one(
            "tuntas_info",
            "Versions.",
            1,
            version=context.versions.tuntas,
            browser=context.versions.browser,
            wa_js=context.versions.wa_js,
        ),
        _by("tuntas_sessions", "Sessions by status.", "status", (one.value for one in Status), statuses),
        _one("tuntas_browsers", "Browsers that run on this server's profiles.", len(browsers)),
        _one("tuntas_browser_processes", "Processes of these browsers.", sum(one.processes for one in browsers)),
        _one(
            "tuntas_browser_memory_bytes",
            "Memory of these browsers with all their processes (proportional set size where known).",
            sum(one.memory_bytes for one in browsers),
        ),
        *removal_families(context.open_removals(), context.now()),
        _by(
            "tuntas_webhook_deliveries",
            "Webhook deliveries by state; ended ones are forgotten after a while.",
            "state",
            (),
            await context.outbox.counts(),
        ),
        _one(
            "tuntas_webhook_oldest_age_seconds",
            "Age of the event that waits longest for its delivery; 0 without one.",
            max(0.0, waiting_seconds),
        ),
        _by("tuntas_webhook_lanes", "Receivers of sessions that are behind, by how.", "state", _LANES, lanes),
        *canary_families(context.canary.course, context.now()),
    ]


def canary_families(course: Course, now: datetime) -> list[Metric]:
    """Return what the canary has found; nothing before it has seen the page."""
    if (known := course.known) is None:
        return []
    return [
        _one(
            "tuntas_canary_page_usable",
            "Whether sessions can work with WhatsApp's page, as it was seen without an account.",
            known.verdict is not Verdict.UNUSABLE,
        ),
        _one("tuntas_canary_page_missing", "Capabilities that this page does not have.", len(known.missing)),
        _one(
            "tuntas_canary_age_seconds",
            "How long ago it was seen.",
            max(0.0, (now - known.at).total_seconds()),
        ),
    ]


def _lane_state(lane: LaneReport) -> str:
    return "stuck" if lane.is_stuck else "failing" if lane.failures else "waiting"


def removal_families(removals: Sequence[Removal], now: datetime) -> list[Metric]:
    """Return what the open removals come to: how many, why, how much and since when."""
    states = Counter(one.state.value for one in removals)
    reasons = Counter(one.reason.value for one in removals if one.reason is not None)
    open_states = [state.value for state in RemovalState if state is not RemovalState.PURGED]
    oldest = max(((now - one.created_at).total_seconds() for one in removals), default=0.0)
    size = sum(one.size_bytes or 0 for one in removals)
    return [
        _by("tuntas_removals", "Removals under way by state.", "state", open_states, states),
        _by(
            "tuntas_removals_held",
            "Removals that something stands in the way of, by reason.",
            "reason",
            (reason.value for reason in Reason),
            reasons,
        ),
        _one("tuntas_removals_bytes", "Disk space that waits to be freed, as found when each purge began.", size),
        _one("tuntas_removals_oldest_age_seconds", "Age of the oldest removal under way; 0 without one.", oldest),
    ]


@dataclass(frozen=True, slots=True, eq=False)  # a registry wants to hash it
class _Snapshot:
    families: Iterable[Metric]

    def collect(self) -> Iterator[Metric]:
        return iter(self.families)


def _one(name: str, help_text: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def _by(name: str, help_text: str, label: str, always: Iterable[str], counts: Mapping[str, int]) -> Metric:
    """Return one gauge a label value; those that exist ``always`` are there with 0 too."""
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value in sorted({*always, *counts}):
        family.add_metric([value], counts.get(value, 0))
    return family
