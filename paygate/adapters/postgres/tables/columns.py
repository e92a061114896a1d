"""Columns and conditions that several statements share."""

from __future__ import annotations

from ....core.limits import LEASE
from ....core.payments.model import LIVE

LEASE_SQL = f"interval '{int(LEASE.total_seconds())} seconds'"
CLAIMS_BEFORE_ALONE = 3
"""Claims without a result after which a row is claimed one at a time."""
LEASE_IS_FREE = "(lease_until IS NULL OR lease_until < clock_timestamp())"
NO_LEASE = "lease_token = NULL, lease_until = NULL, lease_owner = NULL"
LIVE_SQL = f"status IN ({', '.join(repr(status) for status in sorted(LIVE))})"
PAYMENT_COLUMNS = (
    "id", "order_id", "merchant_id", "amount", "currency", "method", "flow", "instrument",
    "processor", "status", "capture_mode", "amount_authorized", "amount_captured",
    "amount_refunded", "captured", "decline_code",
    "error_description", "version", "last_seq", "created_at", "updated_at",
    "scenario", "next_action", "hold_ended_at",
)  # fmt: skip
PAYMENT_AS_P = ", ".join(f"p.{name} AS p_{name}" for name in PAYMENT_COLUMNS)
REFUND_COLUMNS = (
    "id", "payment_id", "merchant_id", "amount", "currency", "reason", "status", "created_at",
    "processed_at",
)  # fmt: skip
REFUND_AS_R = ", ".join(f"r.{name} AS r_{name}" for name in REFUND_COLUMNS)
_EVENT = """(op_id text, event_id text, merchant_id uuid, type text, payment_id text, seq int,
    body text, created_at timestamptz)"""
EVENT_ROWS = f"json_to_recordset($2::json) AS {_EVENT}"
EVENT_SET = f"json_to_recordset($2::json) AS e{_EVENT}"
DELIVERY_SET = """json_to_recordset($3::json) AS d(
    id uuid, event_id text, sink text, endpoint_id uuid)"""
IS_HELD = """(
    EXISTS (SELECT FROM merchants m WHERE m.id = w.merchant_id AND NOT m.is_active)
    OR NOT w.by_hand AND (
        EXISTS (SELECT FROM merchants m
            WHERE m.id = w.endpoint_id AND m.webhook_disabled_at IS NOT NULL)
        OR EXISTS (SELECT FROM webhook_endpoints e
            WHERE e.id = w.endpoint_id AND e.disabled_at IS NOT NULL)))"""
"""Of a pending delivery ``w``: it waits for its endpoint to be enabled or its merchant's
suspension to end, not for a worker.

Of ``w`` it reads ``endpoint_id``, ``merchant_id`` and ``by_hand`` only: a claim asks it once
for each endpoint and value of ``by_hand``, and not for each row.
"""
NOT_TAKEN = "coalesce(last_error, 'not tried: no worker with the sink ' || sink || ' has taken it')"
"""Why a delivery is overdue."""


def tell(won: str) -> str:
    """CTEs that store the events of the operations in ``won`` and their deliveries.

    Their positions are counted in the order in which they were given; ``won`` comes
    first, so an event's position is above those of its payment's events before it.
    """
    return f"""
    told AS (
        INSERT INTO events (id, merchant_id, payment_id, type, seq, payload, created_at)
        SELECT e.event_id, e.merchant_id, e.payment_id, e.type, e.seq, e.body::json, e.created_at
        FROM ROWS FROM ({EVENT_ROWS}) WITH ORDINALITY AS e(
            op_id, event_id, merchant_id, type, payment_id, seq, body, created_at, place)
        WHERE e.op_id IN (SELECT id FROM {won}) ORDER BY e.place
    ),
    addressed AS (
        INSERT INTO webhook_logs (id, merchant_id, event, payload, status, attempts, next_retry_at,
            created_at, event_id, sink, endpoint_id, payment_id, seq, claims)
        SELECT d.id, e.merchant_id, e.type, e.body::json, 'pending', 0, e.created_at,
            e.created_at, e.event_id, d.sink, d.endpoint_id, e.payment_id, e.seq, 0
        FROM {DELIVERY_SET} JOIN {EVENT_SET} ON e.event_id = d.event_id
        WHERE e.op_id IN (SELECT id FROM {won})
    )"""
