"""Claiming operations, asking, recording."""

from ....core.payments.operation import ERASED
from .columns import (
    CLAIMS_BEFORE_ALONE,
    LEASE_IS_FREE,
    LEASE_SQL,
    NO_LEASE,
    PAYMENT_AS_P,
    REFUND_AS_R,
    tell,
)
from .timeline import call_set, called, decided

CLAIM = f"""
WITH untroubled AS (
    SELECT id FROM operations
    WHERE lease_state = 'ready' AND run_at <= $4 AND {LEASE_IS_FREE}
        -- What only another worker knows (a newer version, or one with another plugin) is left
        -- for it.
        AND kind = ANY($5::text[]) AND ($6::text[] IS NULL OR processor = ANY($6))
        AND claims < {CLAIMS_BEFORE_ALONE}
    ORDER BY run_at LIMIT $3 FOR UPDATE SKIP LOCKED
),
-- A row that was claimed several times without a result may be one that kills its worker.
-- One of them at a time: otherwise each would count the others' deaths as its own.
troubled AS (
    SELECT id FROM operations
    WHERE lease_state = 'ready' AND run_at <= $4 AND {LEASE_IS_FREE}
        AND kind = ANY($5::text[]) AND ($6::text[] IS NULL OR processor = ANY($6))
        AND claims >= {CLAIMS_BEFORE_ALONE}
    ORDER BY claims, run_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE operations o
SET lease_token = $1, lease_owner = $2, lease_until = clock_timestamp() + {LEASE_SQL},
    claims = o.claims + 1
WHERE o.id IN (SELECT id FROM untroubled UNION ALL SELECT id FROM troubled)
RETURNING o.id
"""

_WITH_PAYMENT = f"""
SELECT o.*, {PAYMENT_AS_P}, {REFUND_AS_R}, c.id AS c_id, c.reference AS c_reference
FROM operations o
    JOIN payments p ON p.id = o.payment_id
    LEFT JOIN refunds r ON r.id = o.refund_id
    LEFT JOIN operations c ON o.kind <> 'charge' AND c.payment_id = p.id AND c.kind = 'charge'
"""

# Read in a statement of its own: the one that claims waits for locks, and would join
# payments as they were before it waited.
CLAIMED = f"{_WITH_PAYMENT} WHERE o.lease_token = $1 ORDER BY o.run_at, o.id"

BY_IDS = f"{_WITH_PAYMENT} WHERE o.id = ANY($1::text[])"

NEXT_DUE = """
SELECT min(run_at) FROM operations
WHERE lease_state = 'ready' AND run_at > $1 AND kind = ANY($2::text[])
    AND ($3::text[] IS NULL OR processor = ANY($3))
"""

# Locks are taken in one order everywhere: operations, then payments, then the order,
# each by id. What is judged is read after them, with BY_IDS.
LOCK = """
SELECT id, payment_id FROM operations WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE
"""

LOCK_PAYMENTS = """
SELECT id FROM payments WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE
"""

# A worker waits for nobody: what someone else has locked is left for its next turn.
LOCK_LEASED = """
SELECT o.id, o.payment_id
FROM json_to_recordset($1::json) AS i(row_id text, token uuid)
    JOIN operations o ON o.id = i.row_id
WHERE o.lease_token = i.token AND o.lease_until > clock_timestamp()
ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
"""

LOCK_FREE_PAYMENTS = f"{LOCK_PAYMENTS} SKIP LOCKED"

STILL_LEASED = """
SELECT o.id FROM json_to_recordset($1::json) AS i(row_id text, token uuid)
    JOIN operations o ON o.id = i.row_id
WHERE o.lease_token = i.token AND o.lease_until > clock_timestamp()
"""

CHARGE_OF = f"{_WITH_PAYMENT} WHERE o.payment_id = $1 AND o.kind = 'charge'"

IN_REVIEW = """
SELECT id, payment_id, kind, amount AS amount_minor, currency, processor, note,
    updated_at AS since
FROM operations
WHERE ($1::uuid IS NULL OR merchant_id = $1) AND lease_state = 'dead'
ORDER BY updated_at LIMIT 1000
"""

# Both rows are locked where their values are compared, so neither can be an old one.
MARK_SENT = """
WITH fenced AS (
    SELECT o.id, o.payment_id, i.moves
    FROM json_to_recordset($1::json) AS i(op_id text, token uuid, version int, moves boolean)
        JOIN operations o ON o.id = i.op_id
        JOIN payments p ON p.id = o.payment_id
    WHERE o.lease_token = i.token AND o.lease_until > clock_timestamp() AND o.state = 'reserved'
        AND (NOT i.moves OR (p.version = i.version AND p.status = 'pending'))
    FOR UPDATE OF o SKIP LOCKED FOR NO KEY UPDATE OF p SKIP LOCKED
),
moved AS (
    UPDATE payments p SET status = 'processing', version = p.version + 1, updated_at = $2
    FROM fenced f WHERE p.id = f.payment_id AND f.moves
    RETURNING p.id
)
UPDATE operations o SET state = 'sent', queries = 0, updated_at = $2
FROM fenced f
WHERE o.id = f.id AND (NOT f.moves OR f.payment_id IN (SELECT id FROM moved))
RETURNING o.id
"""

# Everything it names is locked by the same transaction and was read after that; the
# version is compared all the same, and a row that does not match stores nothing.
STORE = f"""
WITH i AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        op_id text, payment_id text, moves boolean, state text, lease_state text,
        run_at timestamptz, queries int, sends int, expires_at timestamptz, reference text,
        processor_state jsonb, sealed text, note text, refund_id text, refund_status text,
        processed_at timestamptz)
),
-- One row a payment, however many of its operations are settled at once.
m AS (
    SELECT * FROM json_to_recordset($8::json) AS t(
        payment_id text, old_version int, version int, status text, captured boolean,
        amount_authorized bigint, amount_captured bigint, amount_refunded bigint,
        last_seq int, decline_code text, error_code text, error_description text,
        next_action jsonb, hold_ended_at timestamptz, moved_at timestamptz)
),
moved AS (
    UPDATE payments p
    SET status = m.status, version = m.version, captured = m.captured,
        amount_authorized = m.amount_authorized, amount_captured = m.amount_captured,
        amount_refunded = m.amount_refunded, next_action = m.next_action,
        last_seq = m.last_seq, decline_code = m.decline_code, error_code = m.error_code,
        error_description = m.error_description, hold_ended_at = m.hold_ended_at,
        updated_at = m.moved_at
    FROM m WHERE p.id = m.payment_id AND p.version = m.old_version
    RETURNING p.id, p.order_id, p.status
),
stored AS (
    UPDATE operations o
    SET state = i.state, lease_state = i.lease_state, run_at = i.run_at, queries = i.queries,
        sends = i.sends, expires_at = i.expires_at, reference = i.reference,
        processor_state = i.processor_state, sealed = i.sealed,
        note = i.note, updated_at = $4, claims = 0, last_error = NULL, {NO_LEASE}
    FROM i WHERE o.id = i.op_id AND (NOT i.moves OR i.payment_id IN (SELECT id FROM moved))
    RETURNING o.id
),
settled AS (
    UPDATE refunds r SET status = i.refund_status, processed_at = i.processed_at
    FROM i WHERE r.id = i.refund_id AND i.op_id IN (SELECT id FROM stored)
        AND r.status <> i.refund_status
),
added AS (
    INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
        lease_state, run_at, queries, processor_state, claims, created_at, updated_at)
    SELECT n.id, n.payment_id, n.merchant_id, n.kind, n.amount, n.currency, n.processor,
        'reserved', 'ready', n.due_at, 0, n.state, 0, $4, $4
    FROM json_to_recordset($5::json) AS n(
        by text, id text, payment_id text, merchant_id uuid, kind text, amount bigint,
        currency text, processor text, due_at timestamptz, state jsonb)
    WHERE n.by IN (SELECT id FROM stored)
),
paid AS (
    UPDATE orders SET status = 'paid', updated_at = $4
    WHERE id IN (SELECT order_id FROM moved WHERE status = 'success') AND status <> 'paid'
),
{called("stored")},
{decided("$7", "stored")},
{tell("stored")}
SELECT id FROM stored
"""

# Of an answer that changed nothing: the call is on the time line all the same, once.
KEEP_CALLS = f"""
INSERT INTO plugin_calls (payment_id, operation_id, name, started_at, took_ms, given, answer)
SELECT c.payment_id, c.op_id, c.name, c.started_at, c.took_ms, c.given, c.answer
FROM {call_set("$1")}
WHERE NOT EXISTS (SELECT FROM plugin_calls k WHERE k.operation_id = c.op_id
    AND k.payment_id = c.payment_id AND k.name = c.name AND k.started_at = c.started_at)
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
        lease_state = CASE WHEN i.due_at IS NULL THEN 'dead' ELSE 'ready' END,
        sealed = CASE WHEN i.due_at IS NULL AND o.sealed IS NOT NULL THEN '{ERASED}'
            ELSE o.sealed END,
        {NO_LEASE}
    FROM i WHERE o.id = i.row_id AND o.lease_token = i.token
    RETURNING o.payment_id, o.kind, o.lease_state
)
UPDATE payments p SET status = 'unknown', version = p.version + 1, updated_at = $2
FROM released r
WHERE p.id = r.payment_id AND r.lease_state = 'dead' AND r.kind = 'charge'
    AND p.status IN ('pending', 'processing')
"""
