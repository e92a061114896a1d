"""The timeline of a payment: all stored data about it in the order of time."""

from __future__ import annotations

from tortoise import fields

from ....core.payments.store import TIMELINE_ENTRIES_MAX
from ..orm import ExactJsonField, TableRow, unchecked


class PaymentTransitionRow(TableRow):
    """A change of a payment's status, written by the trigger on ``payments``."""

    id = fields.BigIntField(primary_key=True)
    payment = unchecked("PaymentRow", "transitions")
    version = fields.IntField()
    from_status = fields.CharField(max_length=20, null=True)
    to_status = fields.CharField(max_length=20)
    at = fields.DatetimeField()

    class Meta:
        table = "payment_transitions"
        unique_together = (("payment_id", "version"),)


class PluginCallRow(TableRow):
    """A call of a processor plugin, without confidential values."""

    id = fields.BigIntField(primary_key=True)
    payment_id = fields.CharField(max_length=64)
    operation_id = fields.CharField(max_length=64)
    name = fields.CharField(max_length=20)
    started_at = fields.DatetimeField()
    took_ms = fields.IntField()
    given = ExactJsonField()
    answer = ExactJsonField()

    class Meta:
        table = "plugin_calls"
        indexes = (("payment_id",),)


class DecisionRow(TableRow):
    """A routing or risk decision about a payment, with the answer of each plugin."""

    id = fields.BigIntField(primary_key=True)
    payment_id = fields.CharField(max_length=64)
    kind = fields.CharField(max_length=20)
    chosen = fields.CharField(max_length=64)
    decided_at = fields.DatetimeField()
    took_ms = fields.IntField()
    data = ExactJsonField()

    class Meta:
        table = "payment_decisions"
        indexes = (("payment_id",),)


def call_set(parameter: str) -> str:
    """Return the plugin calls in a statement's parameter as a set named ``c``."""
    return f"""json_to_recordset({parameter}::json) AS c(
        op_id text, payment_id text, name text, started_at timestamptz, took_ms int,
        given json, answer json)"""


def store_plugin_calls(operations: str) -> str:
    """Return a CTE that stores the plugin calls of the operations in a CTE."""
    return f"""
    new_calls AS (
        INSERT INTO plugin_calls
            (payment_id, operation_id, name, started_at, took_ms, given, answer)
        SELECT c.payment_id, c.op_id, c.name, c.started_at, c.took_ms, c.given, c.answer
        FROM {call_set("$6")}
        WHERE c.op_id IN (SELECT id FROM {operations})
    )"""


DECISION_SET = """AS d(
    op_id text, payment_id text, kind text, chosen text, decided_at timestamptz, took_ms int,
    data json)"""


def store_decisions(parameter: str, operations: str) -> str:
    """Return a CTE that stores the decisions about the operations in a CTE."""
    return f"""
    new_decisions AS (
        INSERT INTO payment_decisions (payment_id, kind, chosen, decided_at, took_ms, data)
        SELECT d.payment_id, d.kind, d.chosen, d.decided_at, d.took_ms, d.data
        FROM json_to_recordset({parameter}::json) {DECISION_SET}
        WHERE d.op_id IN (SELECT id FROM {operations})
    )"""


# The columns of each part are (at, written, rank, place, kind, id, data).
#
# With a frozen test clock all entries have the same time. Entries of one time are sorted by
# the age of the transactions that wrote them, the oldest first; entries of one transaction
# from cause to effect (rank) and by their own number (place).
#
# Deliveries are found by their event: webhook_logs has no index on payments.
_PARTS = (
    """
    SELECT d.decided_at AS at, age(d.xmin) AS written, 0 AS rank, d.id::bigint AS place,
        'decision' AS kind, 'decision_' || d.id AS id,
        json_build_object('decision', d.kind, 'chosen', d.chosen, 'took_ms', d.took_ms,
            'details', d.data) AS data
    FROM payment_decisions d WHERE d.payment_id = $1
    """,
    """
    SELECT c.started_at AS at, age(c.xmin) AS written, 0 AS rank, c.id::bigint AS place,
        'plugin_call' AS kind, 'call_' || c.id AS id,
        json_build_object('name', c.name, 'operation_id', c.operation_id,
            'processor', o.processor, 'took_ms', c.took_ms, 'given', c.given, 'answer', c.answer
        ) AS data
    FROM plugin_calls c LEFT JOIN operations o ON o.id = c.operation_id
    WHERE c.payment_id = $1
    """,
    """
    SELECT c.received_at, age(c.xmin), 0, c.id, 'callback', 'callback_' || c.id,
        json_build_object('processor', c.processor, 'operation_id', c.operation_id,
            'effect', c.effect, 'reason', c.reason, 'body_bytes', octet_length(c.body))
    FROM processor_callbacks c WHERE c.payment_id = $1
    """,
    """
    SELECT t.at, age(t.xmin), 1, t.version, 'transition', t.payment_id || '.' || t.version,
        json_build_object('from', t.from_status, 'to', t.to_status, 'version', t.version)
    FROM payment_transitions t WHERE t.payment_id = $1
    """,
    # The refund's row may have been changed by a later transaction; its event shows the one
    # that created it.
    """
    SELECT r.created_at, coalesce((
            SELECT age(e.xmin) FROM events e
            WHERE e.payment_id = r.payment_id AND e.type = 'refund.created'
                AND e.created_at = r.created_at
            ORDER BY e.seq LIMIT 1
        ), age(r.xmin)), 2, 0, 'refund', r.id,
        json_build_object('status', 'pending', 'amount', r.amount, 'currency', r.currency,
            'reason', r.reason)
    FROM refunds r WHERE r.payment_id = $1
    """,
    """
    SELECT r.processed_at, age(r.xmin), 2, 1, 'refund', r.id,
        json_build_object('status', r.status, 'amount', r.amount, 'currency', r.currency,
            'reason', r.reason)
    FROM refunds r WHERE r.payment_id = $1 AND r.processed_at IS NOT NULL
    """,
    """
    SELECT o.updated_at, age(o.xmin), 3, 0, 'operation', o.id,
        json_build_object('kind', o.kind, 'processor', o.processor, 'amount', o.amount,
            'currency', o.currency, 'state', o.state, 'queries', o.queries,
            'reference', o.reference, 'refund_id', o.refund_id, 'note', o.note,
            'asked_at', o.created_at)
    FROM operations o WHERE o.payment_id = $1
    """,
    """
    SELECT e.created_at, age(e.xmin), 4, e.seq, 'event', e.id,
        json_build_object('type', e.type, 'seq', e.seq, 'request_id', e.request_id)
    FROM events e WHERE e.payment_id = $1
    """,
    """
    SELECT w.created_at, age(e.xmin), 5, w.seq, 'delivery', w.id::text,
        json_build_object('event', w.event, 'event_id', w.event_id, 'sink', w.sink,
            'status', w.status, 'attempts', w.attempts, 'next_retry_at', w.next_retry_at)
    FROM events e JOIN webhook_logs w ON w.event_id = e.id WHERE e.payment_id = $1
    """,
    """
    SELECT a.started_at, age(a.xmin), 6, a.id, 'attempt', 'attempt_' || a.id,
        json_build_object('event', w.event, 'delivery_id', w.id, 'ordinal', a.ordinal,
            'status_code', a.status_code, 'error', a.error,
            -- As measured; for older rows, the difference of times of the test clock.
            'took_ms', coalesce(a.took_ms,
                round(1000 * extract(epoch FROM a.finished_at - a.started_at))::bigint),
            'response', a.snippet)
    FROM events e JOIN webhook_logs w ON w.event_id = e.id
        JOIN delivery_attempts a ON a.delivery_id = w.id
    WHERE e.payment_id = $1
    """,
)
TIMELINE = f"""
SELECT at, kind, id, data FROM ({"UNION ALL".join(_PARTS)}) AS entries
ORDER BY at, written DESC, rank, place LIMIT {TIMELINE_ENTRIES_MAX + 1}
"""
