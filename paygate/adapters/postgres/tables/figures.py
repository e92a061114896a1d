"""Figures about payments and about due work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ....core.figures import (
    CallFigures,
    Figures,
    PaymentTotals,
    QueueCounts,
    ShownBreaker,
    StuckWork,
    Window,
    WorkerInfo,
)
from ....core.ids import IdKind, is_id
from ....core.limits import FIGURES_SAMPLE_ROWS
from ....core.queue.notifier import Queue
from ..database import Executor
from .columns import IS_HELD, LEASE_IS_FREE, NO_LEASE, OVERDUE_REASON
from .rows import Row, decoded

# Triggers append changes, and housekeeping adds them to the other tables: a reader adds up both.
_KEY = "merchant_id, hour, method, currency, decline_code"
_SUMS = ("payments", "succeeded", "failed", "captured_minor", "refunds", "refunded_minor")
_TOTALS = ("payments", "succeeded", "captured_minor")


def _add(table: str, key: str, sums: Sequence[str]) -> str:
    return f"""
    INSERT INTO {table} AS t ({key}, {", ".join(sums)})
    SELECT {key}, {", ".join(f"sum({name})" for name in sums)} FROM gone GROUP BY {key}
    ON CONFLICT ({key}) DO UPDATE SET {", ".join(f"{n} = t.{n} + excluded.{n}" for n in sums)}
    """


# One worker at a time, so that two do not wait for each other's rows. A row of figure_changes
# is never changed, so its place in the table identifies it.
LOCK_FOLD = "SELECT pg_try_advisory_xact_lock(hashtext('paygate_figures'))"
FOLD = f"""
WITH gone AS (
    DELETE FROM figure_changes WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM figure_changes ORDER BY merchant_id LIMIT $1))
    RETURNING *
),
hours AS ({_add("hourly_figures", _KEY, _SUMS)}),
totals AS ({_add("merchant_totals", "merchant_id, currency", _TOTALS)})
SELECT count(*) FROM gone
"""
TOTALS = f"""
SELECT coalesce(sum(payments), 0)::bigint AS payments,
    coalesce(sum(succeeded), 0)::bigint AS succeeded,
    coalesce(sum(captured_minor) FILTER (WHERE currency = 'INR'), 0)::bigint AS succeeded_minor
FROM (
    SELECT currency, {", ".join(_TOTALS)} FROM merchant_totals WHERE merchant_id = $1
    UNION ALL
    SELECT currency, {", ".join(_TOTALS)} FROM figure_changes WHERE merchant_id = $1
) AS counted
"""
_COUNTED = f"""
    SELECT floor(extract(epoch FROM hour - $2) / $4)::int AS bucket, method, currency,
        decline_code, {", ".join(_SUMS)}
    FROM {{table}} WHERE merchant_id = $1 AND hour >= $2 AND hour < $3
"""

# Latencies are those of the newest payments and deliveries of the period.
OVERVIEW = f"""
WITH counted AS MATERIALIZED (
    {_COUNTED.format(table="hourly_figures")} UNION ALL {_COUNTED.format(table="figure_changes")}
),
sums AS (
    SELECT bucket, sum(payments) AS payments, sum(succeeded) AS succeeded, sum(failed) AS failed
    FROM counted GROUP BY bucket
),
amounts AS (
    SELECT bucket, json_object_agg(currency, minor) AS minor FROM (
        SELECT bucket, currency, sum(captured_minor) AS minor FROM counted
        GROUP BY bucket, currency HAVING sum(succeeded) > 0
    ) AS each GROUP BY bucket
),
volume AS (
    SELECT bucket, coalesce(payments, 0) AS payments, coalesce(succeeded, 0) AS succeeded,
        coalesce(failed, 0) AS failed, coalesce(minor, '{{}}') AS amount_minor
    FROM generate_series(0, $5::int - 1) AS bucket
        LEFT JOIN sums USING (bucket) LEFT JOIN amounts USING (bucket)
    ORDER BY bucket
),
methods AS (
    SELECT method, sum(payments) AS payments, sum(succeeded) AS succeeded, sum(failed) AS failed
    FROM counted GROUP BY method HAVING sum(payments) > 0 ORDER BY payments DESC, method
),
declines AS (
    SELECT decline_code AS code, sum(failed) AS payments FROM counted
    WHERE decline_code <> '' GROUP BY decline_code HAVING sum(failed) > 0
    ORDER BY payments DESC, code LIMIT 50
),
refunded AS (
    SELECT currency, sum(refunds) AS refunds, sum(refunded_minor) AS minor FROM counted
    GROUP BY currency HAVING sum(refunds) > 0
),
created AS (
    SELECT id, created_at FROM payments
    WHERE merchant_id = $1 AND created_at >= $2 AND created_at < $3
    ORDER BY created_at DESC LIMIT {FIGURES_SAMPLE_ROWS}
),
endings AS (
    -- A late success follows a failure, which is the first ending.
    SELECT greatest(0, 1000 * extract(epoch FROM t.at - created.created_at))::float8 AS ms
    FROM created CROSS JOIN LATERAL (
        SELECT at FROM payment_transitions
        WHERE payment_id = created.id AND to_status IN ('success', 'failed')
            AND from_status <> 'failed' LIMIT 1
    ) AS t
),
latency AS (
    SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ms) AS ms,
        count(*) AS samples FROM endings
),
newest AS (
    SELECT status, attempts, created_at, last_attempt_at FROM webhook_logs
    WHERE merchant_id = $1 AND created_at >= $2 AND created_at < $3
    ORDER BY created_at DESC LIMIT {FIGURES_SAMPLE_ROWS}
),
delivered AS (
    SELECT count(*) AS samples, count(*) FILTER (WHERE status = 'pending') AS pending,
        count(*) FILTER (WHERE status = 'success') AS succeeded,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        (count(*) FILTER (WHERE status = 'success' AND attempts = 1))::float8
            / nullif(count(*) FILTER (WHERE attempts > 0), 0) AS first_try_share,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(
            0, 1000 * extract(epoch FROM last_attempt_at - created_at))::float8
        ) FILTER (WHERE status = 'success' AND last_attempt_at IS NOT NULL) AS p95_ms
    FROM newest
)
SELECT
    (SELECT coalesce(json_agg(v), '[]') FROM volume v) AS volume,
    (SELECT coalesce(json_agg(m), '[]') FROM methods m) AS methods,
    (SELECT coalesce(json_agg(d), '[]') FROM declines d) AS declines,
    (SELECT json_build_object('p50', ms[1], 'p95', ms[2], 'p99', ms[3], 'samples', samples)
        FROM latency) AS latency,
    (SELECT row_to_json(s) FROM delivered s) AS deliveries,
    (SELECT json_build_object('count', coalesce(sum(refunds), 0),
            'amount_minor', coalesce(json_object_agg(currency, minor), '{{}}'))
        FROM refunded) AS refunds
"""
CALLS = f"""
WITH newest AS (
    SELECT operation_id, took_ms, started_at, answer FROM plugin_calls
    WHERE started_at >= $1 ORDER BY started_at DESC LIMIT {FIGURES_SAMPLE_ROWS}
),
recent AS (
    SELECT o.processor, c.took_ms, c.started_at, c.answer ->> 'class' AS class,
        c.answer ->> 'reason' AS reason
    FROM newest c CROSS JOIN LATERAL (
        SELECT processor FROM operations WHERE id = c.operation_id LIMIT 1
    ) AS o
),
worst AS (
    SELECT DISTINCT ON (processor) processor, reason, started_at FROM recent
    WHERE class IN ('Unknown', 'NotSentError') ORDER BY processor, started_at DESC
)
SELECT r.processor, count(*) AS calls, count(*) FILTER (WHERE class = 'Unknown') AS unknown,
    count(*) FILTER (WHERE class = 'NotSentError') AS errors,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY took_ms) AS p50_ms,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY took_ms) AS p95_ms,
    max(w.reason) AS last_error, max(w.started_at) AS last_error_at
FROM recent r LEFT JOIN worst w ON w.processor = r.processor GROUP BY r.processor
"""
WORKERS = """
SELECT id, kind, started_at, heartbeat_at, breakers,
    heartbeat_at > clock_timestamp() - $1::interval AS is_alive
FROM workers ORDER BY started_at, id
"""
_QUEUE = "CASE WHEN kind = 'refund' THEN 'refunds' ELSE 'payments' END"

# A dead-lettered delivery has failed and has a last_error of paygate.
_WORK = f"""
    SELECT {_QUEUE} AS queue, id, merchant_id, payment_id, run_at AS due_at, claims,
        coalesce(last_error, note, state) AS reason, {LEASE_IS_FREE} AS is_free,
        false AS dead_lettered
    FROM operations WHERE lease_state = 'ready'
    UNION ALL
    SELECT {_QUEUE}, id, merchant_id, payment_id, run_at, claims,
        coalesce(last_error, note, state), true, true
    FROM operations WHERE lease_state = 'dead'
    UNION ALL
    SELECT 'webhooks', id::text, merchant_id, payment_id, next_retry_at, claims,
        {OVERDUE_REASON}, {LEASE_IS_FREE}, false
    FROM webhook_logs w WHERE status = 'pending' AND NOT ({IS_HELD})
    UNION ALL
    SELECT 'webhooks', id::text, merchant_id, payment_id, NULL, claims, last_error, true, true
    FROM webhook_logs WHERE status = 'failed' AND last_error IS NOT NULL
"""
QUEUES = f"""
SELECT queue, count(*) FILTER (WHERE is_free AND NOT dead_lettered) AS waiting,
    count(*) FILTER (WHERE is_free AND NOT dead_lettered AND due_at <= $2) AS due,
    count(*) FILTER (WHERE NOT is_free) AS leased,
    count(*) FILTER (WHERE dead_lettered) AS dead_lettered,
    min(due_at) FILTER (WHERE is_free AND NOT dead_lettered AND due_at <= $2) AS oldest_due_at
FROM ({_WORK}) AS work WHERE $1::uuid IS NULL OR merchant_id = $1 GROUP BY queue
"""
STUCK = f"""
SELECT queue, id, CASE WHEN dead_lettered THEN 'dead_lettered' ELSE 'overdue' END AS state,
    payment_id, due_at, claims, reason
FROM ({_WORK}) AS work
WHERE ($1::uuid IS NULL OR merchant_id = $1) AND is_free AND (dead_lettered OR due_at < $2)
ORDER BY dead_lettered DESC, due_at, id LIMIT $3
"""

# A dead-lettered operation may have been sent: the processor is queried, and the request is
# repeated only if it has not received it.
RELEASE_OPERATION = f"""
UPDATE operations
SET state = CASE WHEN lease_state = 'dead' THEN 'sent' ELSE state END, lease_state = 'ready',
    queries = 0, claims = 0, run_at = $5, updated_at = $5, {NO_LEASE}
WHERE id = $1 AND ($2::uuid IS NULL OR merchant_id = $2) AND {_QUEUE} = $3 AND {LEASE_IS_FREE}
    AND (lease_state = 'dead' OR (lease_state = 'ready' AND run_at < $4))
RETURNING id
"""
RELEASE_DELIVERY = f"""
UPDATE webhook_logs
SET status = 'pending', claims = 0, next_retry_at = $4, last_error = NULL, {NO_LEASE}
WHERE id = $1 AND ($2::uuid IS NULL OR merchant_id = $2) AND {LEASE_IS_FREE}
    AND ((status = 'failed' AND last_error IS NOT NULL)
        OR (status = 'pending' AND next_retry_at < $3))
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class PostgresFigures:
    """Implements ``FigureRepository``."""

    executor: Executor

    async def overview(self, merchant_id: UUID, window: Window) -> Figures:
        row = await self.executor.fetchrow(
            OVERVIEW,
            merchant_id,
            window.since,
            window.until,
            int(window.bucket.total_seconds()),
            window.buckets,
        )
        assert row is not None, "an aggregate has a row"
        return Figures(**{name: decoded(value) for name, value in row.items()})

    async def totals(self, merchant_id: UUID) -> PaymentTotals:
        row = await self.executor.fetchrow(TOTALS, merchant_id)
        assert row is not None, "an aggregate has a row"
        return PaymentTotals(**dict(row))

    async def fold(self, *, limit: int) -> int:
        async def fold(bound: Executor) -> int:
            if not await bound.fetchval(LOCK_FOLD):
                return 0
            return int(await bound.fetchval(FOLD, limit))

        return await self.executor.run_in_transaction(fold)

    async def calls(self, *, since: datetime) -> Sequence[CallFigures]:
        rows = await self.executor.fetch(CALLS, since)
        return [CallFigures(**dict(row)) for row in rows]

    async def workers(self, *, dead_after: timedelta) -> Sequence[WorkerInfo]:
        rows = await self.executor.fetch(WORKERS, dead_after)
        return [_row_to_worker(row) for row in rows]

    async def queues(self, merchant_id: UUID | None, *, now: datetime) -> Sequence[QueueCounts]:
        rows = await self.executor.fetch(QUEUES, merchant_id, now)
        return [QueueCounts(**dict(row)) for row in rows]

    async def stuck(
        self, merchant_id: UUID | None, *, due_before: datetime, limit: int
    ) -> Sequence[StuckWork]:
        rows = await self.executor.fetch(STUCK, merchant_id, due_before, limit)
        return [StuckWork(**dict(row)) for row in rows]

    async def release(
        self,
        queue: Queue,
        row_id: str,
        merchant_id: UUID | None,
        *,
        due_before: datetime,
        now: datetime,
    ) -> bool:
        if queue == "webhooks":
            found = await self._release_delivery(row_id, merchant_id, due_before, now)
        elif not is_id(IdKind.OPERATION, row_id):
            return False
        else:
            found = await self.executor.fetchval(
                RELEASE_OPERATION, row_id, merchant_id, queue, due_before, now
            )
        return found is not None

    async def _release_delivery(
        self, row_id: str, merchant_id: UUID | None, due_before: datetime, now: datetime
    ) -> object:
        try:
            delivery_id = UUID(row_id)
        except ValueError:
            return None
        return await self.executor.fetchval(
            RELEASE_DELIVERY, delivery_id, merchant_id, due_before, now
        )


def _row_to_worker(row: Row) -> WorkerInfo:
    breakers = {name: ShownBreaker(**each) for name, each in decoded(row["breakers"]).items()}
    return WorkerInfo(**{**dict(row), "breakers": breakers})
