"""What ``/metrics`` shows once everything has been counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import get_args

from prometheus_client.parser import text_string_to_metric_families

from paygate.adapters.metrics.prometheus import BREAKER_STATES, PrometheusMetrics
from paygate.core.figures import QueueCounts
from paygate.core.observe.metrics import LEASED_TABLES, METHODS, Snapshot
from paygate.core.outcome import Outcome
from paygate.core.payments.operation import OperationKind
from paygate.core.queue.notifier import QUEUES
from paygate.core.webhooks.model import DeliveryStatus

STATUSES = (200, 201, 400, 404, 500, 503)
AN_HOUR = timedelta(hours=1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
METRIC = re.compile(r"\b(paygate_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")
# What Prometheus adds to what it reads.
OF_PROMETHEUS = {"instance", "job"}

Exported = Mapping[str, Mapping[str, set[str]]]
"""Name of a sample → its labels → their values."""


def exported() -> Exported:
    """Return every sample that a process can show."""
    metrics = PrometheusMetrics()
    for method in METHODS:
        for status in STATUSES:
            metrics.request(method, "/api/v1/payments", status, 0.1)
    outcomes = [each.__name__ for each in get_args(Outcome)]
    for kind in OperationKind:
        for outcome in (*outcomes, "Blocked"):
            metrics.result("any", kind, outcome, [10])
    for status in get_args(DeliveryStatus):
        metrics.delivery(status, 0.1)
    metrics.breakers({"any": BREAKER_STATES[0]})
    metrics.loop_lag(0.001)
    queues = [QueueCounts(queue, 1, 1, 1, 1, NOW - AN_HOUR) for queue in QUEUES]
    text = metrics.render(Snapshot(queues, NOW.timestamp(), 1, 1)).decode()
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    assert found["paygate_leases_released_total"]["table"] == set(LEASED_TABLES)
    return found


def mistakes(expression: str, known: Exported) -> Iterator[str]:
    """Return what a query asks for and no process shows: metrics, labels and their values."""
    labels: set[str] = set()
    for name, selector in METRIC.findall(expression):
        if name not in known:
            yield f"{name} is not exported"
            continue
        labels |= set(known[name])
        for label, operator, value in MATCHER.findall(selector):
            values = known[name].get(label)
            if values is None:
                yield f"{name} has no label {label}"
            elif not any(re.fullmatch(value, each) for each in values):
                yield f"{label}{operator}{value!r} of {name} selects nothing"
    for group in GROUPED.findall(expression):
        for label in filter(None, re.split(r"[,\s]+", group)):
            if label not in labels | OF_PROMETHEUS:
                yield f"no metric of {expression!r} has the label {label}"
