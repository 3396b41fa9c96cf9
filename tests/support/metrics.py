"""Metrics as Prometheus reads them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from support.running import Server


def measured(server: Server) -> dict[tuple[str, str], float]:
    """Return each metric's value by its name and its label's value."""
    answer = server.http.get("/metrics", headers={"X-Api-Key": ""})
    assert answer.status_code == 200
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
