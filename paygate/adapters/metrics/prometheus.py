"""Metrics in Prometheus' text format, of one process or of several."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ...core.observe.metrics import LEASED_TABLES, METHODS, Snapshot
from ...core.queue.notifier import QUEUES
from ...core.webhooks.model import BreakerState

BREAKER_STATES: tuple[BreakerState, ...] = get_args(BreakerState)
REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
CALL_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LAG_BUCKETS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of ``paygate serve --processes`` write what they count; a file each. The
library reads this variable when it is imported."""


class PrometheusMetrics:
    """Implements ``Metrics`` with the official client library."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        # Finding a metric by its labels takes longer than counting.
        self._by_request: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._requests = self._counter(
            "http_requests_total", "Requests that were answered.", "method", "route", "status"
        )
        self._request_s = self._durations(
            "http_request_duration_seconds",
            "Time until the response of a request began.",
            REQUEST_BUCKETS_S,
            "method",
            "route",
        )
        self._results = self._counter(
            "operation_results_total",
            "Results of claimed operations.",
            "processor",
            "kind",
            "outcome",
        )
        self._call_s = self._durations(
            "processor_call_duration_seconds",
            "Duration of calls of processors.",
            CALL_BUCKETS_S,
            "processor",
            "kind",
        )
        self._deliveries = self._counter(
            "delivery_attempts_total",
            "Attempts to deliver a webhook, by what became of the delivery.",
            "outcome",
        )
        self._delivery_s = self._durations(
            "delivery_attempt_duration_seconds",
            "Duration of attempts to deliver a webhook.",
            CALL_BUCKETS_S,
        )
        self._released = self._counter(
            "leases_released_total",
            "Leases of dead workers that another worker released.",
            "table",
        )
        self._stale = self._counter(
            "stale_results_total",
            "Results that were refused because the lease was lost.",
            "queue",
        )
        self._lag_s = self._durations(
            "event_loop_lag_seconds",
            "How late the event loop was, once a second.",
            LAG_BUCKETS_S,
        )
        about = "1 for the state of a processor's breaker in this worker, else 0."
        self._breakers = self._gauge("processor_breaker", about, "livemax", "processor", "state")
        self._connections = self._gauge(
            "database_connections", "Connections of the pool.", "livesum", "state"
        )
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Show counters of known labels at 0: Prometheus sees no increase from nothing to 1."""
        for table in LEASED_TABLES:
            self._released.labels(table)
        for queue in QUEUES:
            self._stale.labels(queue)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"paygate_{name}", about, labels, registry=self._registry)

    def _durations(
        self, name: str, about: str, buckets_s: Sequence[float], *labels: str
    ) -> Histogram:
        return Histogram(
            f"paygate_{name}", about, labels, buckets=buckets_s, registry=self._registry
        )

    def _gauge(
        self, name: str, about: str, of_processes: Literal["livemax", "livesum"], *labels: str
    ) -> Gauge:
        return Gauge(
            f"paygate_{name}",
            about,
            labels,
            multiprocess_mode=of_processes,
            registry=self._registry,
        )

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        known, shown = method if method in METHODS else "other", route or "none"
        found = self._by_request.get((known, shown, status))
        if found is None:
            found = (
                self._requests.labels(known, shown, status),
                self._request_s.labels(known, shown),
            )
            self._by_request[known, shown, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def result(self, processor: str, kind: str, outcome: str, call_ms: Sequence[int]) -> None:
        self._results.labels(processor, kind, outcome).inc()
        durations = self._call_s.labels(processor, kind)
        for took_ms in call_ms:
            durations.observe(took_ms / 1000)

    def delivery(self, outcome: str, seconds: float) -> None:
        self._deliveries.labels(outcome).inc()
        self._delivery_s.observe(seconds)

    def leases_released(self, table: str, count: int) -> None:
        self._released.labels(table).inc(count)

    def stale_results(self, queue: str, count: int) -> None:
        self._stale.labels(queue).inc(count)

    def breakers(self, states: Mapping[str, BreakerState]) -> None:
        for processor, current in states.items():
            for state in BREAKER_STATES:
                self._breakers.labels(processor, state).set(state == current)

    def loop_lag(self, seconds: float) -> None:
        self._lag_s.observe(seconds)

    def render(self, snapshot: Snapshot) -> bytes:
        self._connections.labels("used").set(snapshot.connections_used)
        self._connections.labels("idle").set(snapshot.connections_idle)
        of_queues = CollectorRegistry()
        of_queues.register(_OfQueues(snapshot))
        counted = self._registry
        if os.environ.get(SHARED_FOLDER):
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(of_queues)


class _OfQueues(Collector):
    """What the database knows; every process shows the same."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        queues = self._snapshot.queues
        yield GaugeMetricFamily(
            "paygate_database_up",
            "Whether the database has counted the queues in time.",
            value=queues is not None,
        )
        if queues is None:
            return
        rows = GaugeMetricFamily(
            "paygate_queue_rows", "Rows of a queue, by state.", labels=["queue", "state"]
        )
        age = GaugeMetricFamily(
            "paygate_oldest_due_age_seconds",
            "How long the oldest due row of a queue has been due; 0 if none is.",
            labels=["queue"],
        )
        found = {each.queue: each for each in queues}
        for queue in QUEUES:
            each = found.get(queue)
            for state in ("waiting", "due", "leased", "dead_lettered"):
                rows.add_metric([queue, state], getattr(each, state, 0))
            due_at = each.oldest_due_at if each else None
            since = 0.0 if due_at is None else self._snapshot.queues_at - due_at.timestamp()
            age.add_metric([queue], max(0.0, since))
        yield rows
        yield age
