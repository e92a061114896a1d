"""Refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise import fields

from ....core.event import Change
from ....core.ids import IdKind, is_id
from ....core.money import Money
from ....core.paging import REFUND_LIST, Page, PageRequest
from ....core.payments.model import Payment, Refund
from ....core.payments.operation import Operation
from ....core.payments.store import ALL_REFUNDS, RefundSearch
from ....core.webhooks.model import StoredEvent
from ..database import Executor
from ..orm import TableRow, restrict
from .columns import Column, assignments, names, record_type, store_events, stored_values
from .operation_rows import add_operations, operation_row
from .pages import read_page
from .payments import CHANGING, delivery_rows, event_row
from .rows import Row, decoded, encoded, uuid
from .searches import search_refunds


class RefundRow(TableRow):
    """A refund of a payment."""

    id = fields.CharField(max_length=64, primary_key=True)
    payment = restrict("PaymentRow", "refunds")
    merchant = restrict("MerchantRow", "refunds")
    amount = fields.BigIntField()
    reason = fields.TextField(null=True)
    status = fields.CharField(max_length=20, default="pending")
    created_at = fields.DatetimeField()
    processed_at = fields.DatetimeField(null=True)
    # The columns above are promised to merchants who use SQL; the ones below are not.
    currency = fields.CharField(max_length=3)
    notes = fields.JSONField[dict[str, Any]](null=True)

    class Meta:
        table = "refunds"
        indexes = (("payment_id",),)


COLUMNS: tuple[Column[Refund], ...] = (
    Column("id", "text", lambda refund: refund.id),
    Column("payment_id", "text", lambda refund: refund.payment_id),
    Column("merchant_id", "uuid", lambda refund: refund.merchant_id),
    Column("amount", "bigint", lambda refund: refund.amount.minor),
    Column("currency", "text", lambda refund: refund.amount.currency),
    Column("reason", "text", lambda refund: refund.reason),
    Column("notes", "jsonb", lambda refund: refund.notes),
    Column("created_at", "timestamptz", lambda refund: refund.created_at),
    Column("status", "text", lambda refund: refund.status, changes=True),
    Column("processed_at", "timestamptz", lambda refund: refund.processed_at, changes=True),
)


def row_to_refund(row: Row, prefix: str = "") -> Refund:
    """Convert a row of ``refunds``; a join may have prefixed its columns."""

    def column(name: str) -> Any:
        return row[prefix + name]

    return Refund(
        id=column("id"),
        payment_id=column("payment_id"),
        merchant_id=uuid(column("merchant_id")),
        amount=Money(column("amount"), column("currency")),
        reason=column("reason"),
        status=column("status"),
        created_at=column("created_at"),
        processed_at=column("processed_at"),
        notes=decoded(column("notes")),
    )


OPEN = f"""
WITH given AS (
    SELECT * FROM json_to_record($1::json) AS t({record_type(COLUMNS)})
),
reserved AS (
    UPDATE payments p SET {assignments(CHANGING, "m")}
    FROM json_to_record($4::json) AS m(id text, {record_type(CHANGING)})
    WHERE p.id = m.id AND p.version = m.version - 1
    RETURNING p.id
),
opened AS (
    INSERT INTO refunds ({names(COLUMNS)})
    SELECT {names(COLUMNS)} FROM given WHERE payment_id IN (SELECT id FROM reserved)
    RETURNING id
),
added AS (
    {add_operations("$5")} WHERE n.refund_id IN (SELECT id FROM opened)
    RETURNING id
),
{store_events("added")}
SELECT id FROM opened
"""
BY_ID = "SELECT * FROM refunds WHERE id = $1"


@dataclass(frozen=True, slots=True)
class PostgresRefunds:
    """Implements ``RefundRepository``."""

    executor: Executor

    async def open(
        self,
        refund: Refund,
        change: Change[Payment],
        operation: Operation,
        events: Sequence[StoredEvent],
    ) -> None:
        opened = await self.executor.fetchval(
            OPEN,
            encoded(stored_values(COLUMNS, refund)),
            encoded([event_row(event, operation.id) for event in events]),
            encoded(list(delivery_rows(events))),
            encoded({"id": change.after.id, **stored_values(CHANGING, change.after)}),
            encoded([operation_row(operation)]),
        )
        assert opened is not None, "the payment was locked, so it cannot have moved"

    async def get(self, refund_id: str) -> Refund | None:
        if not is_id(IdKind.REFUND, refund_id):
            return None
        row = await self.executor.fetchrow(BY_ID, refund_id)
        return row_to_refund(row) if row else None

    async def page(
        self, merchant_id: UUID, page: PageRequest, search: RefundSearch = ALL_REFUNDS
    ) -> Page[Refund]:
        wanted = search_refunds(merchant_id, search)
        return await read_page(
            RefundRow, wanted, row_to_refund, self.executor, page, of=REFUND_LIST
        )
