"""Refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ....core.event import Change
from ....core.ids import IdKind, is_id
from ....core.money import Money
from ....core.paging import REFUND_LIST, Page, PageRequest
from ....core.payments.model import Payment, Refund
from ....core.payments.operation import Operation
from ....core.payments.store import ALL_REFUNDS, RefundSearch
from ....core.webhooks.model import StoredEvent
from ..database import Executor
from ..models.payments import RefundRow
from .columns import store_events
from .pages import read_page
from .payments import delivery_rows, event_row
from .rows import Row, encoded, uuid
from .searches import search_refunds


def row_to_refund(row: Row, prefix: str = "") -> Refund:
    """A row of ``refunds``, its columns perhaps prefixed by a join."""

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
    )


OPEN = f"""
WITH given AS (
    SELECT * FROM json_to_record($1::json) AS t(
        id text, payment_id text, merchant_id uuid, amount bigint, currency text, reason text,
        at timestamptz, op_id text, processor text, amount_refunded bigint, version int,
        last_seq int)
),
reserved AS (
    UPDATE payments p SET amount_refunded = given.amount_refunded, version = given.version,
        last_seq = given.last_seq, updated_at = given.at
    FROM given WHERE p.id = given.payment_id AND p.version = given.version - 1
    RETURNING p.id
),
opened AS (
    INSERT INTO refunds (id, payment_id, merchant_id, amount, currency, reason, status, created_at)
    SELECT given.id, payment_id, merchant_id, amount, currency, reason, 'pending', at
    FROM given JOIN reserved ON reserved.id = given.payment_id
    RETURNING id
),
added AS (
    INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
        lease_state, run_at, queries, claims, created_at, updated_at, refund_id)
    SELECT op_id, payment_id, merchant_id, 'refund', amount, currency, processor, 'reserved',
        'ready', at, 0, 0, at, at, given.id
    FROM given JOIN opened ON opened.id = given.id
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
            encoded(_opening(refund, change.after, operation)),
            encoded([event_row(event, operation.id) for event in events]),
            encoded(list(delivery_rows(events))),
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


def _opening(refund: Refund, payment: Payment, operation: Operation) -> dict[str, Any]:
    return {
        "id": refund.id,
        "payment_id": payment.id,
        "merchant_id": refund.merchant_id,
        "amount": refund.amount.minor,
        "currency": refund.amount.currency,
        "reason": refund.reason,
        "at": refund.created_at,
        "op_id": operation.id,
        "processor": operation.processor,
        "amount_refunded": payment.amount_refunded.minor,
        "version": payment.version,
        "last_seq": payment.last_seq,
    }
