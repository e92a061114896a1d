"""Operations and their results as rows."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from ....core.money import Money
from ....core.payments.operation import Operation, OperationKind
from ....core.payments.store import OperationRecord, RecordedCall
from ..orm import restrict, unchecked
from .columns import Column, names, record_type, stored_values
from .leases import LeaseColumns
from .rows import Row, decoded, uuid


class OperationRow(LeaseColumns):
    """A request to a processor. Work while ``lease_state`` is ready."""

    id = fields.CharField(max_length=64, primary_key=True)
    payment = restrict("PaymentRow", "operations")
    merchant = unchecked("MerchantRow", "operations")
    kind = fields.CharField(max_length=20)
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    processor = fields.CharField(max_length=64)
    state = fields.CharField(max_length=20)
    lease_state = fields.CharField(max_length=10, default="ready")
    run_at = fields.DatetimeField()
    queries = fields.IntField(default=0)
    sends = fields.IntField(default=0, db_default=0)
    expires_at = fields.DatetimeField(null=True)
    reference = fields.CharField(max_length=255, null=True)
    processor_state = fields.JSONField[dict[str, Any]](null=True)
    sealed = fields.TextField(null=True)
    fallbacks = fields.JSONField[list[str]](null=True)
    note = fields.TextField(null=True)
    refund_id = fields.CharField(max_length=64, null=True)
    is_final = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    request_id = fields.CharField(max_length=128, null=True)

    class Meta:
        table = "operations"
        indexes = (("payment_id",),)


def _lease_state(operation: Operation) -> str:
    ended = {"succeeded": "done", "failed": "done", "needs_review": "dead"}
    return ended.get(operation.state, "ready")


COLUMNS: tuple[Column[Operation], ...] = (
    Column("id", "text", lambda operation: operation.id),
    Column("payment_id", "text", lambda operation: operation.payment_id),
    Column("merchant_id", "uuid", lambda operation: operation.merchant_id),
    Column("kind", "text", lambda operation: operation.kind),
    Column("amount", "bigint", lambda operation: operation.amount.minor),
    Column("currency", "text", lambda operation: operation.amount.currency),
    Column("processor", "text", lambda operation: operation.processor),
    Column("refund_id", "text", lambda operation: operation.refund_id),
    Column("is_final", "boolean", lambda operation: operation.is_final),
    Column("created_at", "timestamptz", lambda operation: operation.created_at),
    Column("request_id", "text", lambda operation: operation.request_id),
    Column("state", "text", lambda operation: operation.state, changes=True),
    # The database checks that it follows from the state.
    Column("lease_state", "text", _lease_state, changes=True, is_read=False),
    Column("run_at", "timestamptz", lambda operation: operation.due_at, changes=True),
    Column("queries", "int", lambda operation: operation.queries, changes=True),
    Column("sends", "int", lambda operation: operation.sends, changes=True),
    Column("expires_at", "timestamptz", lambda operation: operation.expires_at, changes=True),
    Column("reference", "text", lambda operation: operation.reference, changes=True),
    Column("processor_state", "jsonb", lambda operation: operation.processor_state, changes=True),
    Column("sealed", "text", lambda operation: operation.sealed, changes=True),
    Column("fallbacks", "jsonb", lambda operation: operation.fallbacks or None, changes=True),
)
CHANGING_OPERATION = tuple(column for column in COLUMNS if column.changes)


def add_operations(parameter: str) -> str:
    """Return an ``INSERT`` of the rows ``n`` of a parameter, without a condition."""
    return f"""
    INSERT INTO operations ({names(COLUMNS)}, updated_at)
    SELECT {names(COLUMNS)}, created_at
    FROM json_to_recordset({parameter}::json) AS n({record_type(COLUMNS)}, by text)"""


ADD_OPERATIONS = add_operations("$1")


def row_to_operation(row: Row) -> Operation:
    """Convert a row of ``operations``."""
    return Operation(
        id=row["id"],
        payment_id=row["payment_id"],
        merchant_id=uuid(row["merchant_id"]),
        kind=OperationKind(row["kind"]),
        amount=Money(row["amount"], row["currency"]),
        processor=row["processor"],
        state=row["state"],
        due_at=row["run_at"],
        queries=row["queries"],
        sends=row["sends"],
        expires_at=row["expires_at"],
        reference=row["reference"],
        processor_state=decoded(row["processor_state"]),
        sealed=row["sealed"],
        fallbacks=tuple(decoded(row["fallbacks"]) or ()),
        refund_id=row["refund_id"],
        is_final=row["is_final"],
        created_at=row["created_at"],
        request_id=row["request_id"],
    )


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


def operation_row(operation: Operation) -> dict[str, Any]:
    """Convert a new operation to a row of a parameter."""
    return stored_values(COLUMNS, operation)


def added_row(record: OperationRecord, operation: Operation) -> dict[str, Any]:
    """Convert an operation that follows from a record."""
    return {"by": record.operation.id, **operation_row(operation)}


def outcome_row(record: OperationRecord) -> dict[str, Any]:
    """Convert what an operation and its refund are now."""
    return {
        "op_id": record.operation.id,
        "payment_id": record.operation.payment_id,
        "moves": record.payment.after.version != record.claimed.payment.version,
        "note": record.note,
        "refund_id": record.refund.id if record.refund else None,
        "refund_status": record.refund.status if record.refund else None,
        "processed_at": record.refund.processed_at if record.refund else None,
        **stored_values(CHANGING_OPERATION, record.operation),
    }
