"""Claim deliveries: find endpoints that have due work, then at most each one's share.

The endpoints are found first, so that ten thousand rows of one endpoint that does not
answer cannot stand in front of anyone else's. Three small indexes hold only what may be
due, so the cost depends on the work there is, not on how many endpoints wait for a later
try:

- ``first``: endpoints with an event that was never tried, by a skip scan.
- ``again``: the first rows whose next try is due. Only where these are as many as may be
  looked at does ``any_pending`` skip through every endpoint that has something pending.
- ``asked``: endpoints with a try that was requested, which are tried even while disabled.

No part of it waits for a lock. What the snapshot said is checked again on the locked row
(status, due time, lease), and the leases of an endpoint are counted by
``paygate_delivery_slots`` after it has locked the endpoint's share: a claim of another
worker that this snapshot does not show is counted there.

Rows that were claimed several times without a result are claimed one at a time: one of them
may end its worker, and the others would be blamed for it.
"""

from .columns import CLAIMS_BEFORE_ALONE, IS_HELD, LEASE_IS_FREE, LEASE_SQL

DUE_ROWS_SEEN_MAX = 1000
"""So many rows that are due again are looked at before every endpoint is."""


def _skip_scan(name: str, condition: str, *, only_if: str = "true") -> str:
    """A recursive CTE of the endpoints that have a row with the condition."""
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
{_skip_scan("first", "w.status = 'pending' AND w.attempts = 0")},
again AS MATERIALIZED (
    SELECT w.endpoint_id, w.merchant_id FROM webhook_logs w
    WHERE w.status = 'pending' AND w.attempts > 0 AND w.next_retry_at <= $4
    ORDER BY w.next_retry_at LIMIT {DUE_ROWS_SEEN_MAX}
),
{
    _skip_scan(
        "any_pending",
        "w.status = 'pending'",
        only_if=f"(SELECT count(*) = {DUE_ROWS_SEEN_MAX} FROM again)",
    )
},
{_skip_scan("asked", "w.status = 'pending' AND w.by_hand")},
waiting AS MATERIALIZED (
    SELECT endpoint_id, merchant_id, bool_or(is_asked) AS is_asked FROM (
        SELECT *, false AS is_asked FROM first
        UNION SELECT *, false FROM again
        UNION SELECT *, false FROM any_pending
        UNION SELECT *, true FROM asked
    ) AS sources GROUP BY endpoint_id, merchant_id
),
busy AS MATERIALIZED (
    SELECT endpoint_id, count(*) AS rows FROM webhook_logs
    WHERE lease_token IS NOT NULL AND lease_until > clock_timestamp() GROUP BY endpoint_id
),
allowed AS MATERIALIZED (
    SELECT w.endpoint_id, bool_or(NOT w.by_hand) AS takes_any,
        max($5::int - coalesce(busy.rows, 0))::int AS share
    FROM (
        SELECT * FROM waiting CROSS JOIN (VALUES (false), (true)) AS kinds(by_hand)
        WHERE is_asked OR NOT by_hand
    ) AS w LEFT JOIN busy USING (endpoint_id)
    WHERE coalesce(busy.rows, 0) < $5::int AND NOT ({IS_HELD})
    GROUP BY w.endpoint_id
),
candidates AS MATERIALIZED (
    SELECT due.* FROM allowed CROSS JOIN LATERAL (
        SELECT w.id, w.endpoint_id, w.attempts > 0 AS is_repeat, w.next_retry_at, w.claims,
            w.claims >= {CLAIMS_BEFORE_ALONE} AS is_troubled
        FROM webhook_logs w
        WHERE w.endpoint_id = allowed.endpoint_id AND w.status = 'pending'
            AND (allowed.takes_any OR w.by_hand) AND w.sink = ANY($6::text[])
            AND w.next_retry_at <= $4 AND {LEASE_IS_FREE}
            AND NOT EXISTS (
                SELECT 1 FROM webhook_logs prior
                WHERE prior.payment_id = w.payment_id AND prior.endpoint_id = w.endpoint_id
                    AND prior.status = 'pending' AND prior.attempts = 0
                    AND prior.seq < w.seq AND prior.sink = w.sink AND w.attempts = 0
            )
        ORDER BY (w.attempts > 0), w.next_retry_at LIMIT allowed.share
    ) AS due
    ORDER BY due.is_repeat, due.next_retry_at LIMIT $3
),
slots AS MATERIALIZED (
    SELECT endpoint_id, paygate_delivery_slots(endpoint_id, $5::int) AS free
    FROM (SELECT DISTINCT endpoint_id FROM candidates) AS endpoints
),
chosen AS MATERIALIZED (
    SELECT id FROM (
        SELECT id, endpoint_id, row_number() OVER (
            PARTITION BY endpoint_id ORDER BY is_repeat, next_retry_at) AS place,
            is_troubled, row_number() OVER (
                PARTITION BY is_troubled ORDER BY claims, next_retry_at) AS trouble
        FROM candidates
    ) AS placed JOIN slots USING (endpoint_id)
    WHERE place <= free AND (NOT is_troubled OR trouble = 1)
),
locked AS (
    SELECT w.id FROM webhook_logs w
    WHERE w.id IN (SELECT id FROM chosen) AND w.status = 'pending' AND w.next_retry_at <= $4
        AND {LEASE_IS_FREE}
    FOR UPDATE OF w SKIP LOCKED
)
UPDATE webhook_logs w
SET lease_token = $1, lease_owner = $2, lease_until = clock_timestamp() + {LEASE_SQL},
    claims = CASE WHEN w.retry_requested THEN 1 ELSE w.claims + 1 END, retry_requested = false,
    attempts = CASE WHEN w.retry_requested THEN 0 ELSE w.attempts END
FROM locked WHERE w.id = locked.id
RETURNING w.*
"""
