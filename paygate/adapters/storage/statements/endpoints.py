"""Endpoints: the one on the merchant's row and those in a table of their own.

Whoever changes an endpoint locks its merchant first. So do workers that note what
came of tries, and nobody waits in a circle.
"""

from ....core.limits import ENDPOINTS_MAX

# A secret that SQL wrote stands there in clear, and counts.
_BY_SQL = "nullif(m.webhook_secret, '')"
_HINT = "'…' || right(m.webhook_secret, 4)"

# Conditions on its columns reach both halves.
BOTH = f"""(
    SELECT m.id, m.id AS merchant_id, m.webhook_url AS url, NULL::text AS description,
        '["*"]'::jsonb AS events, true AS is_default,
        coalesce({_BY_SQL}, m.webhook_sealed) AS secret, {_BY_SQL} IS NULL AS is_sealed,
        CASE WHEN {_BY_SQL} IS NULL THEN m.webhook_secret_hint
            WHEN length(m.webhook_secret) > 8 THEN {_HINT} END AS secret_hint,
        coalesce(m.webhook_previous_secret, m.webhook_previous_sealed) AS previous_secret,
        m.webhook_previous_secret IS NULL AS is_previous_sealed,
        m.webhook_previous_until AS previous_until,
        m.webhook_disabled_at AS disabled_at, m.webhook_disabled_reason AS disabled_reason,
        m.webhook_failures AS consecutive_failures, m.webhook_first_failure_at AS first_failure_at,
        m.created_at, m.updated_at
    FROM merchants m
    UNION ALL
    SELECT e.id, e.merchant_id, e.url, e.description, e.events, false, e.sealed, true,
        e.secret_hint, e.previous_sealed, true, e.previous_until, e.disabled_at, e.disabled_reason,
        e.consecutive_failures, e.first_failure_at, e.created_at, e.updated_at
    FROM webhook_endpoints e
) AS endpoints"""

BY_IDS = f"SELECT * FROM {BOTH} WHERE id = ANY($1::uuid[])"

OF_MERCHANT = f"""
SELECT * FROM {BOTH} WHERE merchant_id = $1 ORDER BY is_default DESC, created_at, id
"""

ONE = f"SELECT * FROM {BOTH} WHERE id = $1 AND merchant_id = $2"

LOCK_MERCHANT = "SELECT id FROM merchants WHERE id = $1 FOR NO KEY UPDATE"

# After the lock: nobody else adds one meanwhile.
ADD = f"""
INSERT INTO webhook_endpoints (id, merchant_id, url, description, events, sealed, secret_hint,
    consecutive_failures, created_at, updated_at)
SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::jsonb, $6::text, $7::varchar, 0,
    $8::timestamptz, $8::timestamptz
WHERE (SELECT count(*) FROM webhook_endpoints WHERE merchant_id = $2::uuid) < {ENDPOINTS_MAX - 1}
RETURNING id
"""

CHANGE = """
UPDATE webhook_endpoints SET
    url = CASE WHEN $3 THEN $4 ELSE url END,
    description = CASE WHEN $5 THEN $6 ELSE description END,
    events = CASE WHEN $7 THEN $8::jsonb ELSE events END,
    updated_at = $9
WHERE id = $1 AND merchant_id = $2
"""

REMOVE = "DELETE FROM webhook_endpoints WHERE id = $1 AND merchant_id = $2 RETURNING id"

ROTATE = """
UPDATE webhook_endpoints SET previous_sealed = sealed, previous_until = $5, sealed = $3,
    secret_hint = $4, updated_at = $6
WHERE id = $1 AND merchant_id = $2
"""

ROTATE_DEFAULT = """
UPDATE merchants SET webhook_previous_secret = nullif(webhook_secret, ''),
    webhook_previous_sealed = CASE WHEN nullif(webhook_secret, '') IS NULL THEN webhook_sealed END,
    webhook_previous_until = $4, webhook_secret = NULL, webhook_sealed = $2,
    webhook_secret_hint = $3, updated_at = $5
WHERE id = $1
"""

ENABLE = """
UPDATE webhook_endpoints SET disabled_at = NULL, disabled_reason = NULL,
    consecutive_failures = 0, first_failure_at = NULL, updated_at = $3
WHERE id = $1 AND merchant_id = $2
"""

# A trigger resets the rest.
ENABLE_DEFAULT = "UPDATE merchants SET webhook_disabled_at = NULL, updated_at = $2 WHERE id = $1"

DISABLE = """
UPDATE webhook_endpoints SET disabled_at = $3, disabled_reason = 'by_hand', updated_at = $3
WHERE id = $1 AND merchant_id = $2 AND disabled_at IS NULL
"""

DISABLE_DEFAULT = """
UPDATE merchants SET webhook_disabled_at = $2, webhook_disabled_reason = 'by_hand', updated_at = $2
WHERE id = $1 AND webhook_disabled_at IS NULL
"""
