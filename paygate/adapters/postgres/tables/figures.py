"""Figures about payments and about due work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ....core.figures import CallFigures, Figures, QueueCounts, StuckWork, Window, WorkerInfo
from ....core.ids import IdKind, is_id
from ....core.queue.notifier import Queue
from ..database import Executor
from .columns import IS_HELD, LEASE_IS_FREE, NO_LEASE, OVERDUE_REASON
from .rows import decoded

# The payments of the period are read once, by the index on (merchant_id, created_at).
OVERVIEW = """
WITH created AS MATERIALIZED (
    SELECT id, method, status, currency, amount_captured, decline_code, created_at,
        floor(extract(epoch FROM created_at - $2) / $4)::int AS bucket
    FROM payments WHERE merchant_id = $1 AND created_at >= $2 AND created_at < $3
),
counted AS (
    SELECT bucket, count(*) AS payments, count(*) FILTER (WHERE status = 'success') AS succeeded,
        count(*) FILTER (WHERE status = 'failed') AS failed
    FROM created GROUP BY bucket
),
amounts AS (
    SELECT bucket, json_object_agg(currency, minor) AS minor FROM (
        SELECT bucket, currency, sum(amount_captured) AS minor FROM created
        WHERE status = 'success' GROUP BY bucket, currency
    ) AS sums GROUP BY bucket
),
volume AS (
    SELECT bucket, coalesce(payments, 0) AS payments, coalesce(succeeded, 0) AS succeeded,
        coalesce(failed, 0) AS failed, coalesce(minor, '{}') AS amount_minor
    FROM generate_series(0, $5::int - 1) AS bucket
        LEFT JOIN counted USING (bucket) LEFT JOIN amounts USING (bucket)
    ORDER BY bucket
),
methods AS (
    SELECT method, count(*) AS payments, count(*) FILTER (WHERE status = 'success') AS succeeded,
        count(*) FILTER (WHERE status = 'failed') AS failed
    FROM created GROUP BY method ORDER BY payments DESC, method
),
declines AS (
    SELECT decline_code AS code, count(*) AS payments FROM created
    WHERE status = 'failed' AND decline_code IS NOT NULL
    GROUP BY decline_code ORDER BY payments DESC, code LIMIT 50
),
endings AS (
    -- A late success follows a failure, which is counted already.
    SELECT greatest(0, 1000 * extract(epoch FROM t.at - created.created_at))::float8 AS ms
    FROM created JOIN payment_transitions t ON t.payment_id = created.id
    WHERE t.to_status IN ('success', 'failed') AND t.from_status <> 'failed'
),
latency AS (
    SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ms) AS ms,
        count(*) AS samples FROM endings
),
delivered AS (
    SELECT count(*) FILTER (WHERE status = 'pending') AS pending,
        count(*) FILTER (WHERE status = 'success') AS succeeded,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        (count(*) FILTER (WHERE status = 'success' AND attempts = 1))::float8
            / nullif(count(*) FILTER (WHERE attempts > 0), 0) AS first_try_share,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY greatest(
            0, 1000 * extract(epoch FROM last_attempt_at - created_at))::float8
        ) FILTER (WHERE status = 'success' AND last_attempt_at IS NOT NULL) AS p95_ms
    FROM webhook_logs WHERE merchant_id = $1 AND created_at >= $2 AND created_at < $3
),
refunded AS (
    SELECT currency, count(*) AS refunds, sum(amount) AS minor FROM refunds
    WHERE merchant_id = $1 AND created_at >= $2 AND created_at < $3 AND status <> 'failed'
    GROUP BY currency
)
SELECT
    (SELECT coalesce(json_agg(v), '[]') FROM volume v) AS volume,
    (SELECT coalesce(json_agg(m), '[]') FROM methods m) AS methods,
    (SELECT coalesce(json_agg(d), '[]') FROM declines d) AS declines,
    (SELECT json_build_object('p50', ms[1], 'p95', ms[2], 'p99', ms[3], 'samples', samples)
        FROM latency) AS latency,
    (SELECT row_to_json(s) FROM delivered s) AS deliveries,
    (SELECT json_build_object('count', coalesce(sum(refunds), 0),
            'amount_minor', coalesce(json_object_agg(currency, minor), '{}'))
        FROM refunded) AS refunds
"""
CALLS = """
WITH recent AS (
    SELECT o.processor, c.took_ms, c.started_at, c.answer ->> 'class' AS class,
        c.answer ->> 'reason' AS reason
    FROM plugin_calls c JOIN operations o ON o.id = c.operation_id WHERE c.started_at >= $1
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
SELECT id, kind, started_at, heartbeat_at,
    heartbeat_at > clock_timestamp() - $1::interval AS is_alive
FROM workers ORDER BY started_at, id
"""
_QUEUE = "CASE WHEN kind = 'refund' THEN 'refunds' ELSE 'payments' END"

# A dead-lettered delivery has failed and has a last_error of paygate.
_WORK = f"""
    SELECT {_QUEUE} AS queue, id, merchant_id, payment_id, run_at AS due_at, claims,
        coalesce(last_error, note, state) AS reason, {LEASE_IS_FREE} AS is_free, false AS set_aside
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
SELECT queue, count(*) FILTER (WHERE is_free AND NOT set_aside) AS waiting,
    count(*) FILTER (WHERE is_free AND NOT set_aside AND due_at <= $2) AS due,
    count(*) FILTER (WHERE NOT is_free) AS leased,
    count(*) FILTER (WHERE set_aside) AS set_aside,
    min(due_at) FILTER (WHERE is_free AND NOT set_aside AND due_at <= $2) AS oldest_due_at
FROM ({_WORK}) AS work WHERE $1::uuid IS NULL OR merchant_id = $1 GROUP BY queue
"""
STUCK = f"""
SELECT queue, id, CASE WHEN set_aside THEN 'set_aside' ELSE 'overdue' END AS state, payment_id,
    due_at, claims, reason
FROM ({_WORK}) AS work
WHERE ($1::uuid IS NULL OR merchant_id = $1) AND is_free AND (set_aside OR due_at < $2)
ORDER BY set_aside DESC, due_at, id LIMIT $3
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

    async def calls(self, *, since: datetime) -> Sequence[CallFigures]:
        rows = await self.executor.fetch(CALLS, since)
        return [CallFigures(**dict(row)) for row in rows]

    async def workers(self, *, dead_after: timedelta) -> Sequence[WorkerInfo]:
        rows = await self.executor.fetch(WORKERS, dead_after)
        return [WorkerInfo(**dict(row)) for row in rows]

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
