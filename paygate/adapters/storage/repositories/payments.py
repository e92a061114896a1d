"""Payments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from ....core.errors import OrderNotPayableError
from ....core.event import Change
from ....core.ids import IdKind, is_id
from ....core.limits import HISTORY_ROWS_MAX
from ....core.payments.model import Payment
from ....core.payments.operation import Operation
from ....core.payments.store import ALL_PAYMENTS, Decision, Moment, PaymentSearch, PaymentTotals
from ....core.plugin_api.history import HistoryQuestion, PaymentCounts
from ....core.records import Page
from ....core.webhooks.model import StoredEvent
from .. import mapping, searches
from ..database import Executor
from ..models.payments import PaymentRow
from ..statements import payments as sql
from ..statements.columns import PAYMENT_COLUMNS
from ..statements.timeline import TIMELINE

BY_ID = f"SELECT {', '.join(PAYMENT_COLUMNS)} FROM payments WHERE id = $1"


@dataclass(frozen=True, slots=True)
class PostgresPayments:
    """See ``PaymentRepository``."""

    executor: Executor

    async def open(
        self,
        change: Change[Payment],
        operation: Operation,
        events: Sequence[StoredEvent],
        decision: Decision | None = None,
    ) -> None:
        """See ``PaymentRepository.open``."""
        # Read under the order's lock. To find a live payment by the index alone could mean
        # to wait for a worker that settles it and needs the order for that.
        await self._require_none_live(change.after.order_id)
        opened = await self.executor.fetchval(
            sql.OPEN,
            mapping.encoded(_opening(change.after, operation)),
            mapping.encoded([event_row(event, operation.id) for event in events]),
            mapping.encoded(list(delivery_rows(events))),
            mapping.encoded(list(decision_rows(operation, decision))),
        )
        if opened is None:
            raise OrderNotPayableError("Payment already in progress for this order")

    async def _require_none_live(self, order_id: str) -> None:
        status = await self.executor.fetchval(sql.LIVE_STATUS, order_id)
        if status is None:
            return
        raise OrderNotPayableError(
            "Order already paid"
            if status == "success"
            else "Payment already in progress for this order"
        )

    async def get(self, payment_id: str) -> Payment | None:
        """See ``PaymentRepository.get``."""
        if not is_id(IdKind.PAYMENT, payment_id):
            return None
        row = await self.executor.fetchrow(BY_ID, payment_id)
        return mapping.payment(row) if row else None

    async def has_live(self, order_id: str) -> bool:
        """See ``PaymentRepository.has_live``."""
        return await self.executor.fetchval(sql.LIVE_STATUS, order_id) is not None

    async def lock(self, payment_id: str) -> Payment | None:
        """See ``PaymentRepository.lock``."""
        if not is_id(IdKind.PAYMENT, payment_id):
            return None
        row = await self.executor.fetchrow(BY_ID + " FOR UPDATE", payment_id)
        return mapping.payment(row) if row else None

    async def update(self, change: Change[Payment]) -> None:
        """See ``PaymentRepository.update``."""
        assert not change.events, "what has events is stored with them"
        after = change.after
        stored = await self.executor.fetchval(
            sql.UPDATE, after.id, after.version, after.status, after.captured, after.updated_at
        )
        assert stored is not None, "the payment was locked, so it cannot have moved"

    async def ask(self, change: Change[Payment], operation: Operation) -> None:
        """See ``PaymentRepository.ask``."""
        await self.update(change)
        await self.executor.fetchval(
            sql.ASK,
            operation.id,
            operation.payment_id,
            operation.merchant_id,
            operation.kind.value,
            operation.amount.minor,
            operation.amount.currency,
            operation.processor,
            operation.due_at,
            operation.is_final,
        )

    async def page(
        self,
        merchant_id: UUID,
        *,
        limit: int,
        offset: int,
        search: PaymentSearch = ALL_PAYMENTS,
    ) -> Page[Payment]:
        """See ``PaymentRepository.page``."""
        with self.executor.models() as db:
            wanted = searches.payments(search)
            query = PaymentRow.filter(wanted, merchant_id=merchant_id).using_db(db)
            total = await query.count()
            rows = await query.order_by("-created_at", "-id").limit(limit).offset(offset).values()
        return Page([mapping.payment(row) for row in rows], total, limit, offset)

    async def totals(self, merchant_id: UUID) -> PaymentTotals:
        """See ``PaymentRepository.totals``."""
        row = await self.executor.fetchrow(sql.TOTALS, merchant_id)
        assert row is not None, "an aggregate has a row"
        return PaymentTotals(row["payments"], row["succeeded"], row["succeeded_minor"])

    async def count(self, question: HistoryQuestion) -> PaymentCounts:
        """See ``PaymentRepository.count``."""
        same, by = "merchant", tuple[Any, ...]()
        if question.order_id is not None:
            same, by = "order", (question.order_id,)
        elif question.display is not None:
            same, by = "instrument", (question.method, mapping.encoded(dict(question.display)))
        row = await self.executor.fetchrow(
            sql.COUNT[same],
            question.merchant_id,
            question.since,
            question.until,
            question.before_id,
            question.currency,
            *by,
        )
        assert row is not None, "an aggregate has a row"
        counts = PaymentCounts(**dict(row))
        return replace(counts, is_bounded=counts.payments > HISTORY_ROWS_MAX)

    async def timeline(self, payment_id: str) -> Sequence[Moment]:
        """See ``PaymentRepository.timeline``."""
        rows = await self.executor.fetch(TIMELINE, payment_id)
        return [
            Moment(row["at"], row["kind"], row["id"], mapping.decoded(row["data"])) for row in rows
        ]


def _opening(payment: Payment, operation: Operation) -> dict[str, Any]:
    display = payment.instrument.display
    return {
        "id": payment.id,
        "order_id": payment.order_id,
        "merchant_id": payment.merchant_id,
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "method": payment.instrument.method,
        "flow": payment.instrument.flow,
        "instrument": dict(display),
        "vpa": display.get("vpa"),
        "card_network": display.get("network"),
        "card_last4": display.get("last4"),
        "processor": payment.processor,
        "capture_mode": payment.capture_mode,
        "scenario": payment.scenario,
        "last_seq": payment.last_seq,
        "at": payment.created_at,
        "op_id": operation.id,
        "kind": operation.kind,
        "run_at": operation.due_at,
        "sealed": operation.sealed,
    }


def decision_rows(operation: Operation, decision: Decision | None) -> Iterable[dict[str, Any]]:
    """What was decided about an operation's payment, as a row of a statement's parameter."""
    if decision is not None:
        yield {
            "op_id": operation.id,
            "payment_id": operation.payment_id,
            "kind": decision.kind,
            "chosen": decision.chosen,
            "decided_at": decision.decided_at,
            "took_ms": decision.took_ms,
            "data": decision.data,
        }


def event_row(event: StoredEvent, operation_id: str | None = None) -> dict[str, Any]:
    """An event as a row of a statement's parameter."""
    return {
        "op_id": operation_id,
        "event_id": event.id,
        "merchant_id": event.merchant_id,
        "type": event.type,
        "payment_id": event.payment_id,
        "seq": event.seq,
        "body": event.body.decode(),
        "created_at": event.created_at,
    }


def delivery_rows(events: Iterable[StoredEvent]) -> Iterable[dict[str, Any]]:
    """The deliveries of some events as rows of a statement's parameter."""
    for event in events:
        for delivery in event.deliveries:
            yield {
                "id": delivery.id,
                "event_id": event.id,
                "sink": delivery.sink,
                "endpoint_id": delivery.endpoint_id,
            }
