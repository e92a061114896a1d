"""Record attempts, release, retry and recover deliveries."""

from .columns import LEASE_IS_FREE, NO_LEASE

# What the tries of ``won`` say of their endpoints. Merchants are locked first and in
# order; what a locked row says is the newest, so of two workers that see the last
# failure only one finds the endpoint enabled, and the notice is written with the switch.
HEALTH = """
heard AS (
    SELECT i.merchant_id, i.endpoint_id, i.health, i.finished_at AS at,
        max(i.finished_at) FILTER (WHERE i.health = 'succeeded')
            OVER (PARTITION BY i.endpoint_id) AS succeeded_at
    FROM i JOIN won ON won.id = i.row_id WHERE i.health IS NOT NULL
),
came AS (
    SELECT merchant_id, endpoint_id, succeeded_at,
        count(*) FILTER (WHERE is_after) AS failures, bool_or(is_after AND health = 'gone') AS gone,
        min(at) FILTER (WHERE is_after) AS first_at, max(at) FILTER (WHERE is_after) AS last_at
    FROM (
        SELECT *, health <> 'succeeded' AND (succeeded_at IS NULL OR at > succeeded_at) AS is_after
        FROM heard
    ) AS judged
    GROUP BY merchant_id, endpoint_id, succeeded_at
),
owners AS (
    SELECT m.id, m.webhook_disabled_at AS disabled_at, m.webhook_failures AS failures,
        m.webhook_first_failure_at AS first_failure_at
    FROM merchants m WHERE m.id IN (SELECT merchant_id FROM came)
    ORDER BY m.id FOR NO KEY UPDATE OF m
),
others AS (
    SELECT e.id, e.disabled_at, e.consecutive_failures AS failures, e.first_failure_at
    FROM webhook_endpoints e
    WHERE e.id IN (SELECT endpoint_id FROM came) AND e.merchant_id IN (SELECT id FROM owners)
    ORDER BY e.merchant_id, e.id FOR NO KEY UPDATE OF e
),
notices AS (
    SELECT * FROM json_to_recordset($2::json) AS t(
        endpoint_id uuid, merchant_id uuid, event_id text, type text, body text,
        created_at timestamptz)
),
fate AS MATERIALIZED (
    SELECT now.*, n.event_id, disabled_at IS NULL AND n.event_id IS NOT NULL AND now.failed > 0
        AND (now.gone OR now.last_at - now.since >= $4::interval) AS disables
    FROM (
        SELECT stands.id, stands.disabled_at, came.failures AS failed, came.gone, came.last_at,
            came.failures + CASE WHEN succeeded_at IS NULL THEN stands.failures ELSE 0 END AS total,
            CASE WHEN succeeded_at IS NULL THEN coalesce(stands.first_failure_at, came.first_at)
                ELSE came.first_at END AS since
        FROM came JOIN (SELECT * FROM owners UNION ALL SELECT * FROM others) AS stands
            ON stands.id = came.endpoint_id
    ) AS now LEFT JOIN notices n ON n.endpoint_id = now.id
),
defaults AS (
    UPDATE merchants m SET webhook_failures = f.total, webhook_first_failure_at = f.since,
        webhook_disabled_at = CASE WHEN f.disables THEN f.last_at ELSE f.disabled_at END,
        webhook_disabled_reason = CASE WHEN NOT f.disables THEN m.webhook_disabled_reason
            WHEN f.gone THEN 'gone' ELSE 'failing' END
    FROM fate f WHERE m.id = f.id
),
further AS (
    UPDATE webhook_endpoints e SET consecutive_failures = f.total, first_failure_at = f.since,
        disabled_at = CASE WHEN f.disables THEN f.last_at ELSE f.disabled_at END,
        disabled_reason = CASE WHEN NOT f.disables THEN e.disabled_reason
            WHEN f.gone THEN 'gone' ELSE 'failing' END
    FROM fate f WHERE e.id = f.id
),
told AS (
    INSERT INTO events (id, merchant_id, type, payload, created_at)
    SELECT n.event_id, n.merchant_id, n.type, n.body::json, n.created_at
    FROM notices n JOIN fate f ON f.id = n.endpoint_id WHERE f.disables
),
addressed AS (
    INSERT INTO webhook_logs (id, merchant_id, event, payload, status, attempts, next_retry_at,
        created_at, event_id, sink, endpoint_id, claims)
    SELECT d.id, n.merchant_id, n.type, n.body::json, 'pending', 0, n.created_at,
        n.created_at, n.event_id, d.sink, d.endpoint_id, 0
    FROM notices n JOIN fate f ON f.id = n.endpoint_id
        JOIN json_to_recordset($3::json) AS d(id uuid, event_id text, sink text, endpoint_id uuid)
            ON d.event_id = n.event_id
    WHERE f.disables
)"""

_RECORD = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        row_id uuid, token uuid, status text, attempts int, next_retry_at timestamptz,
        response_code int, response_body text, error text,
        started_at timestamptz, finished_at timestamptz, took_ms int, url text,
        request_headers jsonb, merchant_id uuid, endpoint_id uuid, health text)
),
won AS (
    UPDATE webhook_logs w
    SET status = CASE WHEN w.retry_requested THEN 'pending' ELSE i.status END,
        attempts = CASE WHEN w.retry_requested THEN 0 ELSE i.attempts END,
        next_retry_at = CASE WHEN w.retry_requested THEN i.finished_at ELSE i.next_retry_at END,
        by_hand = w.retry_requested, retry_requested = false,
        last_attempt_at = i.finished_at, response_code = i.response_code,
        response_body = i.response_body, claims = 0, last_error = NULL,
        {NO_LEASE}
    FROM i
    WHERE w.id = i.row_id AND w.lease_token = i.token AND w.lease_until > clock_timestamp()
    RETURNING w.id
),
logged AS (
    INSERT INTO delivery_attempts
        (delivery_id, ordinal, started_at, finished_at, status_code, error, snippet,
            took_ms, url, request_headers)
    SELECT i.row_id, i.attempts, i.started_at, i.finished_at, i.response_code, i.error,
        i.response_body, i.took_ms, i.url, i.request_headers
    FROM i JOIN won ON won.id = i.row_id
)"""

# Most tries say nothing new of their endpoint, and touch neither it nor the events.
RECORD = f"{_RECORD}\nSELECT id FROM won"

RECORD_AND_JUDGE = f"{_RECORD},\n{HEALTH}\nSELECT id FROM won"

# A retry that was requested meanwhile is due at once, whatever went wrong with this try.
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
"""

# A try that is under way goes on and is recorded; the row runs again after it. ``by_hand``
# lets that happen even if this worker dies and the endpoint is disabled.
RETRY = f"""
WITH found AS MATERIALIZED (
    SELECT id, {LEASE_IS_FREE} AS is_free FROM webhook_logs
    WHERE id = $1 AND merchant_id = $2 FOR UPDATE
)
UPDATE webhook_logs w SET by_hand = true, retry_requested = NOT is_free, status = 'pending',
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

# The oldest first. What a worker holds is being sent as it is, and left alone.
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
) AS tries ORDER BY id DESC LIMIT $2
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
    created_at, event_id, sink, endpoint_id, claims, by_hand)
SELECT d.id, e.merchant_id, e.type, e.body::json, 'pending', 0, e.created_at,
    e.created_at, e.event_id, d.sink, d.endpoint_id, 0, true
FROM e, json_to_recordset($2::json) AS d(id uuid, sink text, endpoint_id uuid)
"""
