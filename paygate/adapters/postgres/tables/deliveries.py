"""Deliveries: claim, record, retry and recover."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields

from ....core.limits import ATTEMPTS_SHOWN_MAX, CLAIMS_MAX, FAILING_MAX, UNANSWERED_MAX
from ....core.paging import DELIVERY_LIST, Page, PageRequest
from ....core.queue.lease import FailedClaim, Lease
from ....core.records import WriteResult
from ....core.webhooks.model import Delivery, StoredEvent
from ....core.webhooks.store import (
    ANY_DELIVERY,
    ClaimedDelivery,
    DeliveryAttempt,
    DeliveryFilter,
    DeliveryRecord,
    DeliveryShares,
    DisabledNotice,
    Recovery,
)
from ..database import Executor
from ..orm import APP, ExactJsonField, TableRow, unchecked
from .columns import CLAIMS_BEFORE_ALONE, IS_HELD, LEASE_IS_FREE, LEASE_SQL, NO_LEASE
from .leases import CLAIMED_TOO_OFTEN, DELIVERIES, LeaseColumns, Leasing, store_set
from .pages import read_page
from .payments import delivery_rows, event_row
from .rows import Row, decoded, encoded, uuid
from .searches import search_deliveries


class DeliveryRow(LeaseColumns):
    """The delivery of an event to an endpoint. Work while ``status`` is pending."""

    id = fields.UUIDField(primary_key=True)
    merchant = unchecked("MerchantRow", "deliveries")
    event = fields.CharField(max_length=50)
    payload = ExactJsonField()
    status = fields.CharField(max_length=20, default="pending")
    attempts = fields.IntField(default=0)
    last_attempt_at = fields.DatetimeField(null=True)
    next_retry_at = fields.DatetimeField(null=True)
    response_code = fields.IntField(null=True)
    response_body = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    # The columns above are promised to merchants who use SQL; the ones below are not.
    event_id = fields.CharField(max_length=64)
    sink = fields.CharField(max_length=64)
    endpoint_id = fields.UUIDField()
    payment_id = fields.CharField(max_length=64, null=True)
    seq = fields.IntField(null=True)
    # The next attempt is made even if the endpoint is disabled.
    is_manual = fields.BooleanField(default=False)
    # A retry was requested during an attempt: another one follows.
    retry_requested = fields.BooleanField(default=False)

    class Meta:
        table = "webhook_logs"
        unique_together = (("event_id", "sink", "endpoint_id"),)


class DeliveryAttemptRow(TableRow):
    """An attempt of a delivery."""

    id = fields.BigIntField(primary_key=True)
    delivery: Any = fields.ForeignKeyField(
        f"{APP}.DeliveryRow", "delivery_attempts", on_delete=fields.CASCADE
    )
    ordinal = fields.IntField()
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField()
    status_code = fields.IntField(null=True)
    error = fields.CharField(max_length=64, null=True)
    snippet = fields.TextField(null=True)
    url = fields.TextField(null=True)
    request_headers = fields.JSONField[dict[str, str]](null=True)
    took_ms = fields.IntField(null=True)

    class Meta:
        table = "delivery_attempts"
        indexes = (("delivery_id",),)


def row_to_delivery(row: Row) -> Delivery:
    """Convert a row of ``webhook_logs``."""
    return Delivery(
        id=uuid(row["id"]),
        merchant_id=uuid(row["merchant_id"]),
        endpoint_id=uuid(row["endpoint_id"]),
        sink=row["sink"],
        event_id=row["event_id"],
        event_type=row["event"],
        payment_id=row["payment_id"],
        body=str(row["payload"]).encode(),
        status=row["status"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        due_at=row["next_retry_at"],
        last_attempt_at=row["last_attempt_at"],
        response_code=row["response_code"],
        response_body=row["response_body"],
        is_manual=row["is_manual"],
    )


DUE_ROWS_SEEN_MAX = 1000
"""Due retries that a claim reads; if there are more, it reads all endpoints instead."""

CANDIDATES_FACTOR = 4
"""Rows that a claim reads for each one that it leases: merchants may have used their shares."""


def _skip_scan(name: str, condition: str, *, only_if: str = "true") -> str:
    """Return a recursive CTE of the endpoints that have a row with the condition."""
    row = "SELECT w.endpoint_id, w.merchant_id FROM webhook_logs w WHERE"
    return f"""{name} AS (
    ({row} {condition} AND {only_if} ORDER BY w.endpoint_id LIMIT 1)
    UNION ALL
    SELECT following.* FROM {name} CROSS JOIN LATERAL (
        {row} {condition} AND w.endpoint_id > {name}.endpoint_id ORDER BY w.endpoint_id LIMIT 1
    ) AS following
)"""


CLAIM = f"""
WITH RECURSIVE
{_skip_scan("first_attempts", "w.status = 'pending' AND w.attempts = 0")},
retries AS MATERIALIZED (
    SELECT w.endpoint_id, w.merchant_id FROM webhook_logs w
    WHERE w.status = 'pending' AND w.attempts > 0 AND w.next_retry_at <= $4
    ORDER BY w.next_retry_at LIMIT {DUE_ROWS_SEEN_MAX}
),
{
    _skip_scan(
        "any_pending",
        "w.status = 'pending'",
        only_if=f"(SELECT count(*) = {DUE_ROWS_SEEN_MAX} FROM retries)",
    )
},
{
    _skip_scan(
        "manual",
        "w.status = 'pending' AND w.is_manual AND w.next_retry_at <= $4 "
        "AND w.sink = ANY($6::text[])",
    )
},
waiting AS MATERIALIZED (
    SELECT endpoint_id, merchant_id, bool_or(is_manual) AS has_manual FROM (
        SELECT *, false AS is_manual FROM first_attempts
        UNION SELECT *, false FROM retries
        UNION SELECT *, false FROM any_pending
        UNION SELECT *, true FROM manual
    ) AS sources GROUP BY endpoint_id, merchant_id
),
busy AS MATERIALIZED (SELECT * FROM paygate_leased_deliveries()),
busy_merchants AS MATERIALIZED (
    SELECT merchant_id, sum(leased)::int AS leased FROM busy GROUP BY merchant_id
),
-- Endpoints that do not answer: see ``EndpointSettings.breaker``.
open AS MATERIALIZED (
    SELECT id FROM merchants WHERE webhook_breaker_open_since IS NOT NULL
    UNION ALL SELECT id FROM webhook_endpoints WHERE breaker_open_since IS NOT NULL
),
shares AS MATERIALIZED (
    SELECT waiting.*, open.id IS NOT NULL AS is_open, coalesce(busy.leased, 0)::int AS leased,
        coalesce(busy_merchants.leased, 0) AS merchant_leased,
        CASE WHEN open.id IS NULL THEN $5::int ELSE 1 END AS share
    FROM waiting LEFT JOIN open ON open.id = waiting.endpoint_id
        LEFT JOIN busy ON busy.endpoint_id = waiting.endpoint_id
        LEFT JOIN busy_merchants ON busy_merchants.merchant_id = waiting.merchant_id
),
allowed AS MATERIALIZED (
    -- A person waits for a delivery that was requested: it is the next probe.
    SELECT w.endpoint_id, w.merchant_id, w.is_open, w.share, w.leased, w.merchant_leased,
        bool_or(NOT w.is_manual) AND NOT (w.is_open AND w.has_manual) AS allows_all
    FROM (
        SELECT * FROM shares CROSS JOIN (VALUES (false), (true)) AS kinds(is_manual)
        WHERE has_manual OR NOT is_manual
    ) AS w
    WHERE w.leased < w.share AND w.merchant_leased < $7::int AND (NOT w.is_open OR $8::int > 0)
        AND NOT ({IS_HELD})
    GROUP BY w.endpoint_id, w.merchant_id, w.is_open, w.share, w.leased, w.merchant_leased,
        w.has_manual
),
-- First attempts first, and of those the endpoint with the fewest in progress.
candidates AS MATERIALIZED (
    SELECT due.*, allowed.merchant_id, allowed.is_open, allowed.share, allowed.merchant_leased,
        allowed.leased + due.number AS place
    FROM allowed CROSS JOIN LATERAL (
        SELECT *, row_number() OVER () AS number FROM (
            SELECT w.id, w.endpoint_id, w.attempts > 0 AS is_repeat, w.next_retry_at, w.claims,
                w.claims >= {CLAIMS_BEFORE_ALONE} AS is_repeated_claim
            FROM webhook_logs w
            WHERE w.endpoint_id = allowed.endpoint_id AND w.status = 'pending'
                AND (allowed.allows_all OR w.is_manual) AND w.sink = ANY($6::text[])
                AND w.next_retry_at <= $4 AND {LEASE_IS_FREE}
                AND (w.attempts > 0 OR (
                    -- These forms of "equal" and "none" exclude the indexes of all deliveries of
                    -- the endpoint.
                    SELECT prior.id FROM webhook_logs prior
                    WHERE prior.payment_id = w.payment_id
                        AND prior.endpoint_id IS NOT DISTINCT FROM w.endpoint_id
                        AND prior.status = 'pending' AND prior.attempts < 1
                        AND prior.seq < w.seq AND prior.sink = w.sink LIMIT 1
                ) IS NULL)
            ORDER BY (w.attempts > 0), w.next_retry_at LIMIT allowed.share - allowed.leased
        ) AS ordered
    ) AS due
    ORDER BY is_repeat, place, next_retry_at LIMIT {CANDIDATES_FACTOR} * $3::int
),
-- Not more of a merchant, and of the endpoints that do not answer, than their shares.
picked AS MATERIALIZED (
    SELECT * FROM (
        SELECT *, row_number() OVER (
                PARTITION BY merchant_id ORDER BY is_repeat, place, next_retry_at) AS of_merchant,
            row_number() OVER (
                PARTITION BY is_open ORDER BY is_repeat, place, next_retry_at) AS of_open
        FROM candidates
    ) AS numbered
    WHERE of_merchant <= $7::int - merchant_leased AND (NOT is_open OR of_open <= $8::int)
    ORDER BY is_repeat, place, next_retry_at LIMIT $3
),
endpoints AS MATERIALIZED (SELECT DISTINCT endpoint_id, share FROM picked),
slots AS MATERIALIZED (
    SELECT * FROM paygate_delivery_slots(
        ARRAY(SELECT endpoint_id FROM endpoints ORDER BY endpoint_id),
        ARRAY(SELECT share FROM endpoints ORDER BY endpoint_id))
),
chosen AS MATERIALIZED (
    SELECT id FROM (
        SELECT id, endpoint_id, row_number() OVER (
            PARTITION BY endpoint_id ORDER BY is_repeat, next_retry_at) AS place,
            is_repeated_claim, row_number() OVER (
                PARTITION BY is_repeated_claim ORDER BY claims, next_retry_at) AS repeated_claim
        FROM picked
    ) AS placed JOIN slots USING (endpoint_id)
    WHERE place <= free AND (NOT is_repeated_claim OR repeated_claim = 1)
),
locked AS (
    SELECT w.id FROM chosen CROSS JOIN LATERAL (
        SELECT id FROM webhook_logs
        WHERE id = chosen.id AND status = 'pending' AND next_retry_at <= $4 AND {LEASE_IS_FREE}
        FOR UPDATE SKIP LOCKED
    ) AS w
)
UPDATE webhook_logs w
SET lease_token = $1, lease_owner = $2, lease_until = clock_timestamp() + {LEASE_SQL},
    claims = CASE WHEN w.retry_requested THEN 1 ELSE w.claims + 1 END, retry_requested = false,
    attempts = CASE WHEN w.retry_requested THEN 0 ELSE w.attempts END
FROM locked WHERE w.id = locked.id AND w.id = ANY(ARRAY(SELECT id FROM locked))
RETURNING w.*
"""

# Count the failures of endpoints from the attempts of ``won``, and disable failing endpoints.
# Merchants are locked before, in order, so that the values are current: of two workers that
# see the last failure, only one disables the endpoint and stores the notice.
HEALTH = f"""
results AS (
    SELECT i.merchant_id, i.endpoint_id, i.health, i.answered, i.finished_at AS at,
        max(i.finished_at) FILTER (WHERE i.health = 'succeeded')
            OVER (PARTITION BY i.endpoint_id) AS succeeded_at,
        max(i.finished_at) FILTER (WHERE i.answered)
            OVER (PARTITION BY i.endpoint_id) AS answered_at
    FROM i JOIN won ON won.id = i.row_id AND won.token = i.token WHERE i.health IS NOT NULL
),
counts AS (
    SELECT merchant_id, endpoint_id, succeeded_at, answered_at,
        count(*) FILTER (WHERE NOT answered AND (answered_at IS NULL OR at > answered_at))
            AS unanswered,
        count(*) FILTER (WHERE is_after) AS failures, bool_or(is_after AND health = 'gone') AS gone,
        min(at) FILTER (WHERE is_after) AS first_at, max(at) FILTER (WHERE is_after) AS last_at
    FROM (
        SELECT *, health <> 'succeeded' AND (succeeded_at IS NULL OR at > succeeded_at) AS is_after
        FROM results
    ) AS ordered
    GROUP BY merchant_id, endpoint_id, succeeded_at, answered_at
),
owners AS (
    SELECT m.id, m.webhook_disabled_at AS disabled_at, m.webhook_failures AS failures,
        m.webhook_first_failure_at AS first_failure_at, m.webhook_unanswered AS unanswered,
        m.webhook_breaker_open_since AS open_since
    FROM merchants m WHERE m.id IN (SELECT merchant_id FROM counts)
),
others AS (
    SELECT e.id, e.disabled_at, e.consecutive_failures AS failures, e.first_failure_at,
        e.unanswered, e.breaker_open_since
    FROM webhook_endpoints e
    WHERE e.id IN (SELECT endpoint_id FROM counts)
),
notices AS (
    SELECT * FROM json_to_recordset($2::json) AS t(
        endpoint_id uuid, merchant_id uuid, event_id text, type text, body text,
        created_at timestamptz)
),
verdicts AS MATERIALIZED (
    SELECT now.*, CASE WHEN unanswered >= {UNANSWERED_MAX} THEN coalesce(was_open_since, last_at)
            END AS open_since,
        n.event_id, disabled_at IS NULL AND n.event_id IS NOT NULL AND now.failed > 0
        AND (now.gone OR now.last_at - now.since >= $4::interval) AS disables
    FROM (
        SELECT stored.id, stored.disabled_at, counts.gone, counts.last_at,
            counts.failures AS failed,
            counts.failures
                + CASE WHEN succeeded_at IS NULL THEN stored.failures ELSE 0 END AS total,
            CASE WHEN succeeded_at IS NULL THEN coalesce(stored.first_failure_at, counts.first_at)
                ELSE counts.first_at END AS since,
            counts.unanswered
                + CASE WHEN answered_at IS NULL THEN stored.unanswered ELSE 0 END AS unanswered,
            CASE WHEN answered_at IS NULL THEN stored.open_since END AS was_open_since
        FROM counts JOIN (SELECT * FROM owners UNION ALL SELECT * FROM others) AS stored
            ON stored.id = counts.endpoint_id
    ) AS now LEFT JOIN notices n ON n.endpoint_id = now.id
),
default_endpoints AS (
    UPDATE merchants m SET webhook_failures = v.total, webhook_first_failure_at = v.since,
        webhook_unanswered = v.unanswered, webhook_breaker_open_since = v.open_since,
        webhook_disabled_at = CASE WHEN v.disables THEN v.last_at ELSE v.disabled_at END,
        webhook_disabled_reason = CASE WHEN NOT v.disables THEN m.webhook_disabled_reason
            WHEN v.gone THEN 'gone' ELSE 'failing' END
    FROM verdicts v WHERE m.id = v.id
),
other_endpoints AS (
    UPDATE webhook_endpoints e SET consecutive_failures = v.total, first_failure_at = v.since,
        unanswered = v.unanswered, breaker_open_since = v.open_since,
        disabled_at = CASE WHEN v.disables THEN v.last_at ELSE v.disabled_at END,
        disabled_reason = CASE WHEN NOT v.disables THEN e.disabled_reason
            WHEN v.gone THEN 'gone' ELSE 'failing' END
    FROM verdicts v WHERE e.id = v.id
),
new_events AS (
    INSERT INTO events (id, merchant_id, type, payload, created_at)
    SELECT n.event_id, n.merchant_id, n.type, n.body::json, n.created_at
    FROM notices n JOIN verdicts v ON v.id = n.endpoint_id WHERE v.disables
),
new_deliveries AS (
    INSERT INTO webhook_logs (id, merchant_id, event, payload, status, attempts, next_retry_at,
        created_at, event_id, sink, endpoint_id, claims)
    SELECT d.id, n.merchant_id, n.type, n.body::json, 'pending', 0, n.created_at,
        n.created_at, n.event_id, d.sink, d.endpoint_id, 0
    FROM notices n JOIN verdicts v ON v.id = n.endpoint_id
        JOIN json_to_recordset($3::json) AS d(id uuid, event_id text, sink text, endpoint_id uuid)
            ON d.event_id = n.event_id
    WHERE v.disables
)"""
_RECORD = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        row_id uuid, token uuid, status text, attempts int, next_retry_at timestamptz,
        response_code int, response_body text, error text,
        started_at timestamptz, finished_at timestamptz, took_ms int, url text,
        request_headers jsonb, merchant_id uuid, endpoint_id uuid, health text, answered boolean)
),
won AS (
    UPDATE webhook_logs w
    SET status = CASE WHEN w.retry_requested THEN 'pending' ELSE i.status END,
        attempts = CASE WHEN w.retry_requested THEN 0 ELSE i.attempts END,
        next_retry_at = CASE WHEN w.retry_requested THEN i.finished_at ELSE i.next_retry_at END,
        is_manual = w.retry_requested, retry_requested = false,
        last_attempt_at = i.finished_at, response_code = i.response_code,
        response_body = i.response_body, claims = 0, last_error = NULL,
        {NO_LEASE}
    FROM i
    WHERE w.id = i.row_id AND w.lease_token = i.token AND w.lease_until > clock_timestamp()
        AND w.id = ANY(ARRAY(SELECT row_id FROM i))
    RETURNING w.id, i.token
),
logged AS (
    INSERT INTO delivery_attempts
        (delivery_id, ordinal, started_at, finished_at, status_code, error, snippet,
            took_ms, url, request_headers)
    SELECT i.row_id, i.attempts, i.started_at, i.finished_at, i.response_code, i.error,
        i.response_body, i.took_ms, i.url, i.request_headers
    FROM i JOIN won ON won.id = i.row_id AND won.token = i.token
)"""

# Most attempts do not change the endpoint, so this statement is for them alone.
RECORD = f"{_RECORD}\nSELECT id FROM won"
# The failures of an endpoint are read after these locks are held: a statement that waits for
# a lock sees other rows as they were before the wait.
LOCK_OWNERS = "SELECT 1 FROM merchants WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
LOCK_ENDPOINTS = """
SELECT 1 FROM webhook_endpoints WHERE id = ANY($1::uuid[]) ORDER BY merchant_id, id
FOR NO KEY UPDATE"""
RECORD_WITH_HEALTH = f"{_RECORD},\n{HEALTH}\nSELECT id FROM won"

# A retry that was requested meanwhile is due immediately.
RELEASE = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        row_id uuid, token uuid, error text, due_at timestamptz)
)
UPDATE webhook_logs w
SET last_error = i.error,
    claims = CASE WHEN w.retry_requested THEN 0 ELSE w.claims END,
    next_retry_at = CASE WHEN w.retry_requested THEN $2 ELSE i.due_at END,
    status = CASE WHEN w.retry_requested OR i.due_at IS NOT NULL THEN 'pending'
        ELSE 'failed' END,
    {NO_LEASE}
FROM i WHERE w.id = i.row_id AND w.lease_token = i.token
    AND w.id = ANY(ARRAY(SELECT row_id FROM i))
"""

# An attempt in progress is finished and recorded; the next one follows it. ``is_manual`` makes
# sure that it is made even if this worker dies and the endpoint is disabled.
RETRY = f"""
WITH found AS MATERIALIZED (
    SELECT id, {LEASE_IS_FREE} AS is_free FROM webhook_logs
    WHERE id = $1 AND merchant_id = $2 FOR UPDATE
)
UPDATE webhook_logs w SET is_manual = true, retry_requested = NOT is_free, status = 'pending',
    attempts = CASE WHEN is_free THEN 0 ELSE attempts END,
    next_retry_at = CASE WHEN is_free THEN $3 ELSE next_retry_at END,
    claims = CASE WHEN is_free THEN 0 ELSE claims END,
    lease_token = CASE WHEN is_free THEN NULL ELSE lease_token END,
    lease_owner = CASE WHEN is_free THEN NULL ELSE lease_owner END,
    lease_until = CASE WHEN is_free THEN NULL ELSE lease_until END
FROM found WHERE w.id = found.id RETURNING w.id
"""
_WANTED = """
    w.merchant_id = $1 AND w.created_at >= $2 AND w.created_at < $3
    AND w.status = ANY($4::text[]) AND ($5::uuid IS NULL OR w.endpoint_id = $5)
    AND ($6::text[] IS NULL OR w.event = ANY($6) OR w.event LIKE ANY($7::text[]))"""
MATCHING = f"SELECT count(*) FROM webhook_logs w WHERE {_WANTED}"
SAMPLE = f"SELECT w.* FROM webhook_logs w WHERE {_WANTED} ORDER BY w.created_at, w.id LIMIT $8"

# The oldest first. Deliveries that a worker has leased are not changed: they are being sent.
RECOVER = f"""
WITH chosen AS (
    SELECT w.id FROM webhook_logs w WHERE {_WANTED} AND {LEASE_IS_FREE}
    ORDER BY w.created_at, w.id LIMIT $8 FOR UPDATE SKIP LOCKED
)
UPDATE webhook_logs w SET status = 'pending', attempts = 0, next_retry_at = $9, claims = 0,
    last_error = NULL, retry_requested = false, {NO_LEASE}
FROM chosen WHERE w.id = chosen.id
RETURNING w.*
"""
TRIES = """
SELECT * FROM (
    SELECT a.*, row_number() OVER (ORDER BY a.id) AS place FROM delivery_attempts a
    WHERE a.delivery_id = $1
) AS numbered ORDER BY id DESC LIMIT $2
"""
ADD = """
WITH e AS (
    SELECT * FROM json_to_record($1::json) AS t(
        event_id text, merchant_id uuid, type text, body text, created_at timestamptz,
        request_id text)
),
new_events AS (
    INSERT INTO events (id, merchant_id, type, payload, created_at, request_id)
    SELECT event_id, merchant_id, type, body::json, created_at, request_id FROM e
)
INSERT INTO webhook_logs (id, merchant_id, event, payload, status, attempts, next_retry_at,
    created_at, event_id, sink, endpoint_id, claims, is_manual)
SELECT d.id, e.merchant_id, e.type, e.body::json, 'pending', 0, e.created_at,
    e.created_at, e.event_id, d.sink, d.endpoint_id, 0, true
FROM e, json_to_recordset($2::json) AS d(id uuid, sink text, endpoint_id uuid)
"""


def _order(row: Row) -> tuple[bool, datetime, datetime, int]:
    """Return the place of a claimed delivery: first attempts first, and events in their order."""
    return row["attempts"] > 0, row["next_retry_at"], row["created_at"], row["seq"] or 0


class PostgresDeliveries(Leasing):
    """Implements ``DeliveryRepository``."""

    def __init__(self, executor: Executor) -> None:
        super().__init__(executor, DELIVERIES, RELEASE)

    async def claim(
        self,
        *,
        worker_id: str,
        token: UUID,
        shares: DeliveryShares,
        now: datetime,
        sinks: Collection[str],
    ) -> Sequence[ClaimedDelivery]:
        found = await self.executor.fetch(
            CLAIM,
            token,
            worker_id,
            shares.rows,
            now,
            shares.of_endpoint,
            list(sinks),
            shares.of_merchant,
            shares.of_open,
        )
        # The statement returns them in any order.
        rows = sorted(found, key=_order)
        claimed = [ClaimedDelivery(_lease(row), row_to_delivery(row)) for row in rows]
        spent = [
            FailedClaim(_lease(row), row["last_error"] or CLAIMED_TOO_OFTEN, None)
            for row in rows
            if row["claims"] > CLAIMS_MAX
        ]
        if spent:
            await self.reschedule(spent, now=now)
        return [each for each in claimed if each.lease.claims <= CLAIMS_MAX]

    async def record(
        self, records: Sequence[DeliveryRecord], notices: Sequence[DisabledNotice] = ()
    ) -> WriteResult:
        events = [notice.event for notice in notices]
        disabled = (
            encoded(
                [
                    {**event_row(notice.event), "endpoint_id": notice.endpoint_id}
                    for notice in notices
                ]
            ),
            encoded(list(delivery_rows(events))),
        )

        async def store(part: Sequence[DeliveryRecord]) -> frozenset[str]:
            attempts = encoded([_attempt(record) for record in part])
            with_health = [record.claimed.delivery for record in part if record.health]
            if not with_health:
                rows = await self.executor.fetch(RECORD, attempts)
                return frozenset(str(row["id"]) for row in rows)

            async def record(bound: Executor) -> Sequence[Row]:
                await bound.fetch(LOCK_OWNERS, [each.merchant_id for each in with_health])
                await bound.fetch(LOCK_ENDPOINTS, [each.endpoint_id for each in with_health])
                return await bound.fetch(RECORD_WITH_HEALTH, attempts, *disabled, FAILING_MAX)

            rows = await self.executor.run_in_transaction(record)
            return frozenset(str(row["id"]) for row in rows)

        return await store_set(records, store)

    async def add(self, event: StoredEvent) -> None:
        await self.executor.fetch(
            ADD,
            encoded(event_row(event)),
            encoded(list(delivery_rows([event]))),
        )

    async def page(
        self, merchant_id: UUID, page: PageRequest, only: DeliveryFilter = ANY_DELIVERY
    ) -> Page[Delivery]:
        with self.executor.models():
            wanted = search_deliveries(merchant_id, only)
        return await read_page(
            DeliveryRow, wanted, row_to_delivery, self.executor, page, of=DELIVERY_LIST
        )

    async def get(self, delivery_id: UUID, *, merchant_id: UUID) -> Delivery | None:
        with self.executor.models() as db:
            query = DeliveryRow.filter(id=delivery_id, merchant_id=merchant_id).using_db(db)
            rows = await query.values()
        return row_to_delivery(rows[0]) if rows else None

    async def attempts(self, delivery_id: UUID) -> Sequence[DeliveryAttempt]:
        rows = await self.executor.fetch(TRIES, delivery_id, ATTEMPTS_SHOWN_MAX)
        return [_row_to_attempt(row) for row in reversed(rows)]

    async def matching(self, recovery: Recovery, *, limit: int) -> tuple[int, Sequence[Delivery]]:
        wanted = _wanted(recovery)
        total = await self.executor.fetchval(MATCHING, *wanted)
        rows = await self.executor.fetch(SAMPLE, *wanted, limit)
        return total, [row_to_delivery(row) for row in rows]

    async def recover(self, recovery: Recovery, *, limit: int, now: datetime) -> Sequence[Delivery]:
        rows = await self.executor.fetch(RECOVER, *_wanted(recovery), limit, now)
        return sorted(map(row_to_delivery, rows), key=lambda row: (row.created_at, row.id))

    async def retry(self, delivery_id: UUID, *, merchant_id: UUID, now: datetime) -> bool:
        found = await self.executor.fetchval(RETRY, delivery_id, merchant_id, now)
        return found is not None


def _attempt(record: DeliveryRecord) -> dict[str, Any]:
    after = record.after
    return {
        "row_id": after.id,
        "token": record.claimed.lease.token,
        "status": after.status,
        "attempts": after.attempts,
        "next_retry_at": after.due_at,
        "response_code": after.response_code,
        "response_body": after.response_body,
        "error": record.result.error,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "took_ms": record.took_ms,
        "url": record.url,
        "request_headers": dict(record.result.request_headers),
        "merchant_id": after.merchant_id,
        "endpoint_id": after.endpoint_id,
        "health": record.health,
        "answered": record.answered,
    }


def _lease(row: Row) -> Lease:
    return Lease(str(row["id"]), uuid(row["lease_token"]), row["claims"])


def _row_to_attempt(row: Row) -> DeliveryAttempt:
    return DeliveryAttempt(
        ordinal=row["place"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        took_ms=row["took_ms"],
        url=row["url"],
        request_headers=decoded(row["request_headers"]) or {},
        status_code=row["status_code"],
        error=row["error"],
        response_body=row["snippet"],
    )


def _wanted(recovery: Recovery) -> tuple[Any, ...]:
    """Convert a recovery to the first seven parameters of its statements."""
    events = recovery.events
    if events is not None and "*" in events:
        events = None
    families = [each[:-1] + "%" for each in events or () if each.endswith(".*")]
    return (
        recovery.merchant_id,
        recovery.since,
        recovery.until,
        list(recovery.statuses),
        recovery.endpoint_id,
        None if events is None else list(events),
        # An underscore in the name of an event would match any character.
        [each.replace("_", "\\_") for each in families],
    )
