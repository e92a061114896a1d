"""Opening a payment."""

from .columns import tell

OPEN = f"""
WITH given AS (
    SELECT * FROM json_to_record($1::json) AS t(
        id text, order_id text, merchant_id uuid, amount bigint, currency text, method text,
        flow text, instrument jsonb, vpa text, card_network text, card_last4 text, processor text,
        last_seq int, at timestamptz, op_id text, kind text, run_at timestamptz, sealed text)
),
opened AS (
    INSERT INTO payments (id, order_id, merchant_id, amount, currency, method, flow, instrument,
        vpa, card_network, card_last4, processor, status, captured, amount_captured,
        amount_refunded, version, last_seq, created_at, updated_at)
    SELECT id, order_id, merchant_id, amount, currency, method, flow, instrument,
        vpa, card_network, card_last4, processor, 'pending', false, 0, 0, 1, last_seq, at, at
    FROM given
    ON CONFLICT (order_id) WHERE status IN ('pending', 'processing', 'unknown', 'success')
        DO NOTHING
    RETURNING id, order_id
),
-- After the payment, never before it: two requests for one order would each hold
-- what the other waits for.
attempted AS (
    UPDATE orders SET status = 'attempted', updated_at = given.at
    FROM given, opened WHERE orders.id = opened.order_id AND orders.status = 'created'
),
asked AS (
    INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
        lease_state, run_at, queries, sealed, claims, created_at, updated_at)
    SELECT op_id, opened.id, merchant_id, kind, amount, currency, processor, 'reserved',
        'ready', run_at, 0, sealed, 0, at, at
    FROM given JOIN opened ON opened.id = given.id
    RETURNING id
),
{tell("asked")}
SELECT id FROM opened
"""

UPDATE = """
UPDATE payments SET captured = $3, version = $2, updated_at = $4
WHERE id = $1 AND version = $2 - 1 RETURNING id
"""

LIVE_STATUS = """
SELECT status FROM payments
WHERE order_id = $1 AND status IN ('pending', 'processing', 'unknown', 'success')
"""

TOTALS = """
SELECT count(*) AS payments,
    count(*) FILTER (WHERE status = 'success') AS succeeded,
    coalesce(sum(amount) FILTER (WHERE status = 'success'), 0)::bigint AS succeeded_minor
FROM payments WHERE merchant_id = $1
"""

TIMELINE = """
SELECT at, what FROM (
    SELECT t.at, 1 AS rank, t.version::bigint AS place, 'payment is ' || t.to_status AS what
    FROM payment_transitions t WHERE t.payment_id = $1
    UNION ALL
    SELECT e.created_at, 2, e.seq, 'event ' || e.type FROM events e WHERE e.payment_id = $1
    UNION ALL
    SELECT o.updated_at, 3, 1,
        o.kind || ' ' || o.id || ' at ' || o.processor || ': ' || coalesce(o.note, o.state)
    FROM operations o WHERE o.payment_id = $1
    UNION ALL
    SELECT a.started_at, 4, a.id, 'delivery of ' || w.event || ', try ' || a.ordinal || ': '
        || coalesce(a.status_code::text, a.error, 'no answer')
    FROM delivery_attempts a JOIN webhook_logs w ON w.id = a.delivery_id WHERE w.payment_id = $1
) AS story ORDER BY at, rank, place
"""
