"""What processors sent us."""

ADD = """
INSERT INTO processor_callbacks (processor, received_at, headers, body, effect)
VALUES ($1, $2, $3::jsonb, $4, 'received') RETURNING id
"""

# Of copies that arrive at once the unique index lets one have the key; the others
# find it.
TAKE_KEY = """
UPDATE processor_callbacks SET dedupe_key = $3
WHERE id = $1 AND NOT EXISTS (
    SELECT 1 FROM processor_callbacks WHERE processor = $2 AND dedupe_key = $3)
RETURNING id
"""

EFFECT = "SELECT effect FROM processor_callbacks WHERE processor = $1 AND dedupe_key = $2"

NOTE = """
UPDATE processor_callbacks SET effect = $2, reason = $3, operation_id = coalesce($4, operation_id),
    payment_id = coalesce($5, payment_id)
WHERE id = $1 AND effect = 'received' RETURNING id
"""

FIRST = "SELECT id FROM processor_callbacks WHERE processor = $1 AND dedupe_key = $2"

RECENT = """
SELECT id, processor, received_at, dedupe_key, operation_id, payment_id, effect, reason
FROM processor_callbacks WHERE $1::text IS NULL OR effect = $1
ORDER BY id DESC LIMIT $2
"""
