"""Claiming operations, asking, recording."""

from .columns import LEASE_IS_FREE, LEASE_SQL, NO_LEASE, PAYMENT_AS_P, REFUND_AS_R, tell
from .timeline import CALLED, decided

CLAIM = f"""
WITH due AS (
    SELECT id FROM operations
    WHERE lease_state = 'ready' AND run_at <= $4 AND {LEASE_IS_FREE}
        -- What only a newer version of us knows is left for it.
        AND kind = ANY($5::text[])
    ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE operations o
SET lease_token = $1, lease_owner = $2, lease_until = clock_timestamp() + {LEASE_SQL},
    claims = o.claims + 1
FROM due
    JOIN operations same ON same.id = due.id
    JOIN payments p ON p.id = same.payment_id
    LEFT JOIN refunds r ON r.id = same.refund_id
    LEFT JOIN operations c ON same.kind <> 'charge' AND c.payment_id = p.id AND c.kind = 'charge'
WHERE o.id = due.id
RETURNING o.*, {PAYMENT_AS_P}, {REFUND_AS_R}, c.id AS c_id, c.reference AS c_reference
"""

NEXT_DUE = """
SELECT min(run_at) FROM operations
WHERE lease_state = 'ready' AND run_at > $1 AND kind = ANY($2::text[])
"""

# Payment after operation, as everywhere: two who lock them wait in the same order.
TAKE = f"""
WITH locked AS (SELECT id, payment_id FROM operations WHERE id = $1 FOR UPDATE),
paid AS (SELECT p.id FROM payments p JOIN locked ON p.id = locked.payment_id FOR UPDATE OF p)
UPDATE operations o
SET lease_token = $2, lease_owner = 'callback',
    lease_until = clock_timestamp() + {LEASE_SQL}
FROM locked
    JOIN operations same ON same.id = locked.id
    JOIN paid ON true
    JOIN payments p ON p.id = same.payment_id
    LEFT JOIN refunds r ON r.id = same.refund_id
    LEFT JOIN operations c ON same.kind <> 'charge' AND c.payment_id = p.id AND c.kind = 'charge'
WHERE o.id = locked.id
RETURNING o.*, {PAYMENT_AS_P}, {REFUND_AS_R}, c.id AS c_id, c.reference AS c_reference
"""

CHARGE_OF = f"""
SELECT o.*, {PAYMENT_AS_P}, {REFUND_AS_R}, NULL::text AS c_id, NULL::text AS c_reference
FROM operations o JOIN payments p ON p.id = o.payment_id
    LEFT JOIN refunds r ON r.id = o.refund_id
WHERE o.payment_id = $1 AND o.kind = 'charge'
"""

IN_REVIEW = """
SELECT id, payment_id, kind, amount AS amount_minor, currency, processor, note,
    updated_at AS since
FROM operations WHERE merchant_id = $1 AND lease_state = 'dead' ORDER BY updated_at LIMIT 1000
"""

MARK_SENT = """
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        op_id text, token uuid, version int, moves boolean)
),
fenced AS (
    SELECT o.id, o.payment_id, i.version, i.moves
    FROM operations o JOIN i ON i.op_id = o.id
    WHERE o.lease_token = i.token AND o.lease_until > clock_timestamp() AND o.state = 'reserved'
    FOR UPDATE OF o
),
moved AS (
    UPDATE payments p SET status = 'processing', version = p.version + 1, updated_at = $2
    FROM fenced f
    WHERE p.id = f.payment_id AND f.moves AND p.version = f.version AND p.status = 'pending'
    RETURNING p.id
)
UPDATE operations o SET state = 'sent', updated_at = $2
FROM fenced f
WHERE o.id = f.id AND (NOT f.moves OR f.payment_id IN (SELECT id FROM moved))
RETURNING o.id
"""

RECORD = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        op_id text, token uuid, payment_id text, moves boolean, old_version int, version int,
        status text, captured boolean, amount_authorized bigint, amount_captured bigint,
        last_seq int, decline_code text, error_code text,
        error_description text, state text, lease_state text, run_at timestamptz, queries int,
        reference text, processor_state jsonb, sealed text, note text, moved_at timestamptz,
        next_action jsonb, amount_refunded bigint, refund_id text, refund_status text,
        processed_at timestamptz)
),
fenced AS (
    SELECT o.id FROM operations o JOIN i ON i.op_id = o.id
    WHERE o.lease_token = i.token AND o.lease_until > clock_timestamp() FOR UPDATE OF o
),
moved AS (
    UPDATE payments p
    SET status = i.status, version = i.version, captured = i.captured,
        amount_authorized = i.amount_authorized, amount_captured = i.amount_captured,
        amount_refunded = i.amount_refunded, next_action = i.next_action,
        last_seq = i.last_seq, decline_code = i.decline_code, error_code = i.error_code,
        error_description = i.error_description, updated_at = i.moved_at
    FROM i JOIN fenced f ON f.id = i.op_id
    WHERE i.moves AND p.id = i.payment_id AND p.version = i.old_version
    RETURNING i.op_id, p.order_id, p.status
),
won AS (
    SELECT f.id FROM fenced f JOIN i ON i.op_id = f.id
    WHERE NOT i.moves OR i.op_id IN (SELECT op_id FROM moved)
),
stored AS (
    UPDATE operations o
    SET state = i.state, lease_state = i.lease_state, run_at = i.run_at, queries = i.queries,
        reference = i.reference, processor_state = i.processor_state, sealed = i.sealed,
        note = i.note, updated_at = $4, claims = 0, last_error = NULL, {NO_LEASE}
    FROM i WHERE o.id = i.op_id AND o.id IN (SELECT id FROM won)
    RETURNING o.id
),
given_back AS (
    UPDATE refunds r SET status = i.refund_status, processed_at = i.processed_at
    FROM i WHERE r.id = i.refund_id AND r.status = 'pending' AND i.op_id IN (SELECT id FROM won)
),
woken AS (
    INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
        lease_state, run_at, queries, processor_state, claims, created_at, updated_at)
    SELECT w.id, w.payment_id, w.merchant_id, 'wake', w.amount, w.currency, w.processor,
        'reserved', 'ready', w.due_at, 0, w.state, 0, $4, $4
    FROM json_to_recordset($5::json) AS w(
        by text, id text, payment_id text, merchant_id uuid, amount bigint, currency text,
        processor text, due_at timestamptz, state jsonb)
    WHERE w.by IN (SELECT id FROM won)
),
paid AS (
    UPDATE orders SET status = 'paid', updated_at = $4
    WHERE id IN (SELECT order_id FROM moved WHERE status = 'success')
),
{CALLED},
{decided("$7", "won")},
{tell("won")}
SELECT id FROM stored
"""

# An operation that no worker can handle is set aside, and its payment says that
# nobody knows; it does not say that it failed.
RELEASE = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        row_id text, token uuid, error text, due_at timestamptz)
),
released AS (
    UPDATE operations o
    SET last_error = i.error, run_at = coalesce(i.due_at, o.run_at), updated_at = $2,
        state = CASE WHEN i.due_at IS NULL THEN 'needs_review' ELSE o.state END,
        lease_state = CASE WHEN i.due_at IS NULL THEN 'dead' ELSE 'ready' END, {NO_LEASE}
    FROM i WHERE o.id = i.row_id AND o.lease_token = i.token
    RETURNING o.payment_id, o.lease_state
)
UPDATE payments p SET status = 'unknown', version = p.version + 1, updated_at = $2
FROM released r
WHERE p.id = r.payment_id AND r.lease_state = 'dead' AND p.status = 'processing'
"""
