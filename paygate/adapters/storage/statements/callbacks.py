"""What processors sent us."""

ADD = """
INSERT INTO processor_callbacks (processor, received_at, headers, body, effect)
VALUES ($1, $2, $3::jsonb, $4, 'received') RETURNING id
"""

LOCK_KEY = "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))"

IS_KNOWN = """
SELECT EXISTS (SELECT FROM processor_callbacks WHERE processor = $1 AND dedupe_key = $2)
"""

NOTE = """
UPDATE processor_callbacks SET effect = $2, reason = $3, operation_id = coalesce($4, operation_id),
    payment_id = coalesce($5, payment_id), dedupe_key = coalesce($6, dedupe_key)
WHERE id = $1 AND effect = 'received' RETURNING id
"""

RECENT = """
SELECT id, processor, received_at, dedupe_key, operation_id, payment_id, effect, reason
FROM processor_callbacks WHERE $1::text IS NULL OR effect = $1
ORDER BY id DESC LIMIT $2
"""
