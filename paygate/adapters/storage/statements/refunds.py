"""Opening a refund of a payment that is locked."""

from .columns import tell

OPEN = f"""
WITH given AS (
    SELECT * FROM json_to_record($1::json) AS t(
        id text, payment_id text, merchant_id uuid, amount bigint, currency text, reason text,
        at timestamptz, op_id text, processor text, amount_refunded bigint, version int,
        last_seq int)
),
reserved AS (
    UPDATE payments p SET amount_refunded = given.amount_refunded, version = given.version,
        last_seq = given.last_seq, updated_at = given.at
    FROM given WHERE p.id = given.payment_id AND p.version = given.version - 1
    RETURNING p.id
),
opened AS (
    INSERT INTO refunds (id, payment_id, merchant_id, amount, currency, reason, status, created_at)
    SELECT given.id, payment_id, merchant_id, amount, currency, reason, 'pending', at
    FROM given JOIN reserved ON reserved.id = given.payment_id
    RETURNING id
),
asked AS (
    INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
        lease_state, run_at, queries, claims, created_at, updated_at, refund_id)
    SELECT op_id, payment_id, merchant_id, 'refund', amount, currency, processor, 'reserved',
        'ready', at, 0, 0, at, at, given.id
    FROM given JOIN opened ON opened.id = given.id
    RETURNING id
),
{tell("asked")}
SELECT id FROM opened
"""

BY_ID = "SELECT * FROM refunds WHERE id = $1"
