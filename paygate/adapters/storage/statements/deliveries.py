"""Claiming deliveries, attempting, recording."""

from .columns import LEASE_IS_FREE, LEASE_SQL, NO_LEASE

# Endpoints first, then rows: a skip scan finds the endpoints that have work, and
# each gives at most what is left of its share. Ten thousand rows of one endpoint
# that does not answer cannot stand in front of anyone else's.
CLAIM = f"""
WITH RECURSIVE waiting AS (
    (SELECT endpoint_id FROM webhook_logs WHERE status = 'pending' ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT w.endpoint_id FROM webhook_logs w
        WHERE w.status = 'pending' AND w.endpoint_id > waiting.endpoint_id
        ORDER BY w.endpoint_id LIMIT 1
    ) FROM waiting WHERE waiting.endpoint_id IS NOT NULL
),
busy AS (
    SELECT endpoint_id, count(*) AS rows FROM webhook_logs
    WHERE lease_token IS NOT NULL AND lease_until > clock_timestamp() GROUP BY endpoint_id
),
due AS (
    SELECT share.id FROM waiting LEFT JOIN busy USING (endpoint_id)
    CROSS JOIN LATERAL (
        SELECT w.id, w.attempts, w.next_retry_at FROM webhook_logs w
        WHERE w.endpoint_id = waiting.endpoint_id AND w.status = 'pending'
            AND w.next_retry_at <= $4 AND {LEASE_IS_FREE}
            AND NOT EXISTS (
                SELECT 1 FROM webhook_logs prior
                WHERE prior.payment_id = w.payment_id AND prior.endpoint_id = w.endpoint_id
                    AND prior.status = 'pending' AND prior.attempts = 0
                    AND prior.seq < w.seq AND prior.sink = w.sink AND w.attempts = 0
            )
        ORDER BY (w.attempts > 0), w.next_retry_at
        LIMIT greatest(0, $5 - coalesce(busy.rows, 0))
    ) AS share
    ORDER BY (share.attempts > 0), share.next_retry_at LIMIT $3
),
locked AS (
    SELECT w.id FROM webhook_logs w JOIN due USING (id)
    WHERE w.status = 'pending' AND {LEASE_IS_FREE} FOR UPDATE OF w SKIP LOCKED
)
UPDATE webhook_logs w
SET lease_token = $1, lease_owner = $2, lease_until = clock_timestamp() + {LEASE_SQL},
    claims = w.claims + 1
FROM locked WHERE w.id = locked.id
RETURNING w.*
"""

RECORD = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        row_id uuid, token uuid, status text, attempts int, next_retry_at timestamptz,
        response_code int, response_body text, error text,
        started_at timestamptz, finished_at timestamptz)
),
won AS (
    UPDATE webhook_logs w
    SET status = i.status, attempts = i.attempts, next_retry_at = i.next_retry_at,
        last_attempt_at = i.finished_at, response_code = i.response_code,
        response_body = i.response_body, claims = 0, last_error = NULL, {NO_LEASE}
    FROM i
    WHERE w.id = i.row_id AND w.lease_token = i.token AND w.lease_until > clock_timestamp()
    RETURNING w.id
),
logged AS (
    INSERT INTO delivery_attempts
        (delivery_id, ordinal, started_at, finished_at, status_code, error, snippet)
    SELECT i.row_id, i.attempts, i.started_at, i.finished_at, i.response_code, i.error,
        i.response_body
    FROM i JOIN won ON won.id = i.row_id
)
SELECT id FROM won
"""

RELEASE = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        row_id uuid, token uuid, error text, due_at timestamptz)
)
UPDATE webhook_logs w
SET last_error = i.error, next_retry_at = i.due_at,
    status = CASE WHEN i.due_at IS NULL THEN 'failed' ELSE 'pending' END, {NO_LEASE}
FROM i WHERE w.id = i.row_id AND w.lease_token = i.token
"""

# Its lease goes too: a try that is under way can no longer write its result over
# the new start.
RETRY = f"""
UPDATE webhook_logs SET status = 'pending', attempts = 0, next_retry_at = $3, claims = 0,
    {NO_LEASE}
WHERE id = $1 AND merchant_id = $2 RETURNING id
"""

ADD = """
WITH e AS (
    SELECT * FROM json_to_record($1::json) AS t(
        event_id text, merchant_id uuid, type text, body text, created_at timestamptz)
),
told AS (
    INSERT INTO events (id, merchant_id, type, payload, created_at)
    SELECT event_id, merchant_id, type, body::json, created_at FROM e
)
INSERT INTO webhook_logs (id, merchant_id, event, payload, status, attempts, next_retry_at,
    created_at, event_id, sink, endpoint_id, claims)
SELECT d.id, e.merchant_id, e.type, e.body::json, 'pending', 0, e.created_at,
    e.created_at, e.event_id, d.sink, d.endpoint_id, 0
FROM e, json_to_recordset($2::json) AS d(id uuid, sink text, endpoint_id uuid)
"""
