"""Opening a payment, changing one that is locked, and reading about it."""

from ....core.limits import HISTORY_ROWS_MAX
from .columns import LIVE_SQL, tell
from .timeline import decided

OPEN = f"""
WITH given AS (
    SELECT * FROM json_to_record($1::json) AS t(
        id text, order_id text, merchant_id uuid, amount bigint, currency text, method text,
        flow text, instrument jsonb, vpa text, card_network text, card_last4 text, processor text,
        capture_mode text, scenario text, last_seq int, at timestamptz, op_id text, kind text,
        run_at timestamptz, sealed text)
),
opened AS (
    INSERT INTO payments (id, order_id, merchant_id, amount, currency, method, flow, instrument,
        vpa, card_network, card_last4, processor, capture_mode, scenario, status, captured,
        amount_authorized, amount_captured, amount_refunded, version, last_seq, created_at,
        updated_at)
    SELECT id, order_id, merchant_id, amount, currency, method, flow, instrument,
        vpa, card_network, card_last4, processor, capture_mode, scenario, 'pending', false,
        0, 0, 0, 1, last_seq, at, at
    FROM given
    ON CONFLICT (order_id) WHERE {LIVE_SQL} DO NOTHING
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
{tell("asked")},
{decided("$4", "asked")}
SELECT id FROM opened
"""

# Bounded before it is counted: a check must not become a scan of years. A statement for
# each question, so that the index of instruments serves a plan that is made once for all.
_COUNT = f"""
SELECT count(*)::int AS payments,
    (count(*) FILTER (WHERE status = 'success'))::int AS succeeded,
    (count(*) FILTER (WHERE status = 'failed'))::int AS failed,
    coalesce(sum(amount) FILTER (WHERE status <> 'failed' AND currency = $5), 0)::bigint
        AS amount_minor
FROM (
    SELECT status, amount, currency FROM payments
    WHERE merchant_id = $1 AND created_at >= $2 AND created_at <= $3
        AND ($4 = '' OR created_at < $3 OR id < $4)
        AND {{which}}
    ORDER BY created_at DESC LIMIT {HISTORY_ROWS_MAX + 1}
) AS seen
"""

COUNT = {
    "instrument": _COUNT.format(
        which="method = $6 AND instrument = $7::jsonb "
        "AND jsonb_hash_extended(instrument, 0) = jsonb_hash_extended($7::jsonb, 0)"
    ),
    "order": _COUNT.format(which="order_id = $6"),
    "merchant": _COUNT.format(which="true"),
}

UPDATE = """
UPDATE payments SET status = $3, captured = $4, version = $2, updated_at = $5
WHERE id = $1 AND version = $2 - 1 RETURNING id
"""

ASK = """
INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
    lease_state, run_at, queries, claims, created_at, updated_at, is_final)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'reserved', 'ready', $8, 0, 0, $8, $8, $9)
RETURNING id
"""

LIVE_STATUS = f"SELECT status FROM payments WHERE order_id = $1 AND {LIVE_SQL}"

TOTALS = """
SELECT count(*) AS payments,
    count(*) FILTER (WHERE status = 'success') AS succeeded,
    coalesce(sum(amount_captured) FILTER (WHERE status = 'success' AND currency = 'INR'), 0)::bigint
        AS succeeded_minor
FROM payments WHERE merchant_id = $1
"""
