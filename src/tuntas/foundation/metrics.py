"""What is counted while it happens, for ``GET /metrics``. Never a name, a number or a path: counts and times only.

What can be read from the server's state at any moment is not here: a second count of it could only drift away.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()

RESTARTS = Counter(
    "tuntas_restarts",
    "Browsers ended to be started again, after a fault or for their size, by reason.",
    ["reason"],
    registry=REGISTRY,
)

REPORTS_REFUSED = Counter(
    "tuntas_reports_refused",
    "Reports and answers of pages that were not taken, by reason.",
    ["reason"],
    registry=REGISTRY,
)
for _reason in ("foreign", "invalid", "flood", "too_long"):
    REPORTS_REFUSED.labels(_reason)

MESSAGES = Counter(
    "tuntas_messages",
    "Messages that came in and went out, by direction: in, out.",
    ["direction"],
    registry=REGISTRY,
)
for _direction in ("in", "out"):
    MESSAGES.labels(_direction)

# From a page that answers at once to a large file on a slow line.
SEND_SECONDS = Histogram(
    "tuntas_send_seconds",
    "A message's way from the head of its session's line until WhatsApp's server has taken it.",
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)

WEBHOOK_SECONDS = Histogram(
    "tuntas_webhook_seconds",
    "One request to a receiver, until its answer.",
    ["outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
for _outcome in ("delivered", "failed"):
    WEBHOOK_SECONDS.labels(_outcome)


def counted(metric: Counter | Histogram, suffix: str = "_total", **labels: str) -> float:
    """Return what a metric has come to since the server began: over all labels, or those with these values."""
    return sum(
        sample.value
        for family in metric.collect()
        for sample in family.samples
        if sample.name.endswith(suffix) and labels.items() <= sample.labels.items()
    )
