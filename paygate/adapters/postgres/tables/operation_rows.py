"""Results of operations as rows of the statements that store them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....core.payments.operation import Operation
from ....core.payments.store import OperationRecord, RecordedCall
from .columns import stored_values
from .payments import CHANGING


def waves(records: Sequence[OperationRecord]) -> Sequence[Sequence[OperationRecord]]:
    """Cut records into sets that one statement can store each, in their order.

    A statement writes a payment once. Refunds of one payment may share it; a record that
    changes the payment's status may not, because the database checks each change of status.
    """
    sets: list[list[OperationRecord]] = []
    # Payment id -> the last set that writes it, and whether its status changes there.
    last: dict[str, tuple[int, bool]] = {}
    for record in records:
        before, after = record.claimed.payment, record.payment.after
        place = 0
        if after.version != before.version:
            changes = after.status != before.status
            if after.id in last:
                place, changed = last[after.id]
                place += 1 if changes or changed else 0
            last[after.id] = (place, changes)
        else:
            place = last.get(after.id, (0, False))[0]
        while len(sets) <= place:
            sets.append([])
        sets[place].append(record)
    return sets


def payment_rows(records: Sequence[OperationRecord]) -> Sequence[dict[str, Any]]:
    """One row a payment: from the version its first record read to what its last one says."""
    moves: dict[str, dict[str, Any]] = {}
    for record in records:
        before, after = record.claimed.payment, record.payment.after
        if after.version == before.version:
            continue
        old_version = moves[after.id]["old_version"] if after.id in moves else before.version
        values = stored_values(CHANGING, after)
        moves[after.id] = {"id": after.id, "old_version": old_version, **values}
    return list(moves.values())


def call_row(operation: Operation, call: RecordedCall) -> dict[str, Any]:
    """A call to a plugin, for the timeline."""
    return {
        "op_id": operation.id,
        "payment_id": operation.payment_id,
        "name": call.name,
        "started_at": call.started_at,
        "took_ms": call.took_ms,
        "given": call.given,
        "answer": call.answer,
    }


def outcome_row(record: OperationRecord) -> dict[str, Any]:
    """What the operation and its refund are now."""
    return {
        "payment_id": record.operation.payment_id,
        "moves": record.payment.after.version != record.claimed.payment.version,
        "note": record.note,
        "refund_id": record.refund.id if record.refund else None,
        "refund_status": record.refund.status if record.refund else None,
        "processed_at": record.refund.processed_at if record.refund else None,
        **_operation(record.operation),
    }


def added_row(record: OperationRecord, operation: Operation) -> dict[str, Any]:
    """An operation that follows from the record."""
    return {
        "by": record.operation.id,
        "id": operation.id,
        "payment_id": operation.payment_id,
        "merchant_id": operation.merchant_id,
        "kind": operation.kind,
        "amount": operation.amount.minor,
        "currency": operation.amount.currency,
        "processor": operation.processor,
        "due_at": operation.due_at,
        "state": operation.processor_state,
    }


def _operation(operation: Operation) -> dict[str, Any]:
    state = operation.state
    ended = {"succeeded": "done", "failed": "done", "needs_review": "dead"}
    return {
        "op_id": operation.id,
        "state": state,
        "lease_state": ended.get(state, "ready"),
        "run_at": operation.due_at,
        "queries": operation.queries,
        "sends": operation.sends,
        "expires_at": operation.expires_at,
        "reference": operation.reference,
        "processor_state": operation.processor_state,
        "sealed": operation.sealed,
    }
