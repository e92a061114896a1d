"""Refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ....core.event import Change
from ....core.ids import IdKind, is_id
from ....core.payments.model import Payment, Refund
from ....core.payments.operation import Operation
from ....core.payments.store import ALL_REFUNDS, RefundSearch
from ....core.records import Page
from ....core.webhooks.model import StoredEvent
from .. import mapping, searches
from ..database import Executor
from ..models.payments import RefundRow
from ..statements import refunds as sql
from .payments import delivery_rows, event_row


@dataclass(frozen=True, slots=True)
class PostgresRefunds:
    """See ``RefundRepository``."""

    executor: Executor

    async def open(
        self,
        refund: Refund,
        change: Change[Payment],
        operation: Operation,
        events: Sequence[StoredEvent],
    ) -> None:
        """See ``RefundRepository.open``."""
        opened = await self.executor.fetchval(
            sql.OPEN,
            mapping.encoded(_opening(refund, change.after, operation)),
            mapping.encoded([event_row(event, operation.id) for event in events]),
            mapping.encoded(list(delivery_rows(events))),
        )
        assert opened is not None, "the payment was locked, so it cannot have moved"

    async def get(self, refund_id: str) -> Refund | None:
        """See ``RefundRepository.get``."""
        if not is_id(IdKind.REFUND, refund_id):
            return None
        row = await self.executor.fetchrow(sql.BY_ID, refund_id)
        return mapping.refund(row) if row else None

    async def page(
        self,
        merchant_id: UUID,
        *,
        limit: int,
        offset: int,
        search: RefundSearch = ALL_REFUNDS,
    ) -> Page[Refund]:
        """See ``RefundRepository.page``."""
        with self.executor.models() as db:
            wanted = searches.refunds(search)
            query = RefundRow.filter(wanted, merchant_id=merchant_id).using_db(db)
            total = await query.count()
            rows = await query.order_by("-created_at", "-id").limit(limit).offset(offset).values()
        return Page([mapping.refund(row) for row in rows], total, limit, offset)


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
