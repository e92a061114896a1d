"""Forgetting what is old."""

from ....core.payments.operation import ERASED
from .attention import NEEDS_ATTENTION


def _purge(table: str, at: str) -> str:
    # Several workers keep house; each takes rows that no other is at.
    return f"""
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE {at} < $1 ORDER BY {at} LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING id
    """


PURGE_CALLS = _purge("plugin_calls", "started_at")

# What was never sent is about to be; it is nobody's business but the processor's.
ERASE_SEALED = f"""
UPDATE operations SET sealed = '{ERASED}' WHERE id IN (
    SELECT id FROM operations
    WHERE sealed IS NOT NULL AND sealed <> '{ERASED}' AND created_at < $1
        AND (state <> 'reserved' OR sends > 0)
    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

# What an operator has not resolved is kept.
PURGE_CALLBACKS = f"""
DELETE FROM processor_callbacks WHERE id IN (
    SELECT id FROM processor_callbacks c
    WHERE received_at < $1 AND NOT ({NEEDS_ATTENTION} AND NOT EXISTS (
        SELECT FROM resolved_attention r WHERE r.id = 'callback-' || c.id))
    ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

# An event is kept as long as one of its deliveries, and what is still to be delivered always.
PURGE_DELIVERIES = """
DELETE FROM webhook_logs WHERE id IN (
    SELECT id FROM webhook_logs WHERE created_at < $1 AND status <> 'pending'
    LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

PURGE_EVENTS = """
DELETE FROM events WHERE id IN (
    SELECT id FROM events e WHERE created_at < $1
        AND NOT EXISTS (SELECT FROM webhook_logs w WHERE w.event_id = e.id)
    LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

PURGE_DECISIONS = _purge("payment_decisions", "decided_at")
