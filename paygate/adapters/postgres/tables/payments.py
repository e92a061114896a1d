"""Payments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields

from ....core.batching import Batcher
from ....core.errors import OrderNotPayableError, RowRefusedError, StaleWriteError
from ....core.event import Change
from ....core.ids import IdKind, is_id
from ....core.instrument import Instrument
from ....core.limits import HISTORY_ROWS_MAX
from ....core.money import Money
from ....core.outcome import Decline, NextAction
from ....core.paging import PAYMENT_LIST, Page, PageRequest
from ....core.payments.model import Payment
from ....core.payments.operation import Operation
from ....core.payments.past_routes import PastPayments, PastRoute
from ....core.payments.store import (
    ALL_PAYMENTS,
    Decision,
    NewPayment,
    PaymentSearch,
    TimelineEntry,
)
from ....core.plugin_api.history import HistoryQuestion, PaymentCounts
from ....core.plugin_api.routing import Health
from ....core.webhooks.model import StoredEvent
from ..database import Executor
from ..errors import REFUSED
from ..orm import TableRow, restrict, unchecked
from .columns import LIVE_SQL, Column, names, prefixed, record_type, store_events, stored_values
from .idempotency import stored_fingerprints
from .operation_rows import ADD_OPERATIONS, operation_row
from .pages import read_page
from .rows import Row, decoded, encoded, uuid
from .searches import search_payments
from .timeline import TIMELINE, store_decisions


class PaymentRow(TableRow):
    """A payment for an order."""

    id = fields.CharField(max_length=64, primary_key=True)
    order = restrict("OrderRow", "payments")
    merchant = unchecked("MerchantRow", "payments")
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3, default="INR")
    method = fields.CharField(max_length=20)
    status = fields.CharField(max_length=20, default="pending")
    vpa = fields.CharField(max_length=255, null=True)
    card_network = fields.CharField(max_length=20, null=True)
    card_last4 = fields.CharField(max_length=4, null=True)
    captured = fields.BooleanField(default=False)
    error_code = fields.CharField(max_length=50, null=True)
    error_description = fields.TextField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    # The columns above are promised to merchants who use SQL; the ones below are not.
    flow = fields.CharField(max_length=40)
    processor = fields.CharField(max_length=64)
    instrument = fields.JSONField[dict[str, str]]()
    decline_code = fields.CharField(max_length=50, null=True)
    capture_mode = fields.CharField(max_length=10, default="automatic")
    scenario = fields.CharField(max_length=64, null=True)
    next_action = fields.JSONField[dict[str, Any]](null=True)
    hold_ended_at = fields.DatetimeField(null=True)
    amount_authorized = fields.BigIntField(default=0)
    amount_captured = fields.BigIntField(default=0)
    amount_refunded = fields.BigIntField(default=0)
    version = fields.IntField(default=1)
    last_seq = fields.IntField(default=0)
    traceparent = fields.CharField(max_length=55, null=True)
    link_id = fields.CharField(max_length=64, null=True)
    notes = fields.JSONField[dict[str, Any]](null=True)

    class Meta:
        table = "payments"
        indexes = (("order_id",),)


ERROR_CODE = "PAYMENT_FAILED"
"""The value of ``payments.error_code`` for every decline; merchants select on it."""


def _display(payment: Payment, name: str) -> str | None:
    return payment.instrument.display.get(name)


def _stored_action(payment: Payment) -> dict[str, Any] | None:
    action = payment.next_action
    if action is None:
        return None
    return {"type": action.type, "expires_at": action.expires_at, "data": dict(action.data)}


COLUMNS: tuple[Column[Payment], ...] = (
    Column("id", "text", lambda payment: payment.id),
    Column("order_id", "text", lambda payment: payment.order_id),
    Column("merchant_id", "uuid", lambda payment: payment.merchant_id),
    Column("amount", "bigint", lambda payment: payment.amount.minor),
    Column("currency", "text", lambda payment: payment.amount.currency),
    Column("method", "text", lambda payment: payment.instrument.method),
    Column("flow", "text", lambda payment: payment.instrument.flow),
    Column("instrument", "jsonb", lambda payment: dict(payment.instrument.display)),
    # For merchants who read the table; a Payment has them in its instrument.
    Column("vpa", "text", lambda payment: _display(payment, "vpa"), is_read=False),
    Column("card_network", "text", lambda payment: _display(payment, "network"), is_read=False),
    Column("card_last4", "text", lambda payment: _display(payment, "last4"), is_read=False),
    Column("processor", "text", lambda payment: payment.processor, changes=True),
    Column("capture_mode", "text", lambda payment: payment.capture_mode),
    Column("scenario", "text", lambda payment: payment.scenario),
    Column("link_id", "text", lambda payment: payment.link_id),
    Column("notes", "jsonb", lambda payment: payment.notes),
    Column("created_at", "timestamptz", lambda payment: payment.created_at),
    Column("status", "text", lambda payment: payment.status, changes=True),
    Column("captured", "boolean", lambda payment: payment.captured, changes=True),
    Column(
        "amount_authorized", "bigint", lambda payment: payment.amount_authorized.minor, changes=True
    ),
    Column(
        "amount_captured", "bigint", lambda payment: payment.amount_captured.minor, changes=True
    ),
    Column(
        "amount_refunded", "bigint", lambda payment: payment.amount_refunded.minor, changes=True
    ),
    Column(
        "decline_code",
        "text",
        lambda payment: payment.decline and payment.decline.code,
        changes=True,
    ),
    Column(
        "error_code",
        "text",
        lambda payment: ERROR_CODE if payment.decline else None,
        changes=True,
        is_read=False,
    ),
    Column(
        "error_description",
        "text",
        lambda payment: payment.decline and payment.decline.description,
        changes=True,
    ),
    Column("next_action", "jsonb", _stored_action, changes=True),
    Column("hold_ended_at", "timestamptz", lambda payment: payment.hold_ended_at, changes=True),
    Column("version", "int", lambda payment: payment.version, changes=True),
    Column("last_seq", "int", lambda payment: payment.last_seq, changes=True),
    Column("updated_at", "timestamptz", lambda payment: payment.updated_at, changes=True),
)
READ = tuple(column for column in COLUMNS if column.is_read)
CHANGING = tuple(column for column in COLUMNS if column.changes)


def row_to_payment(row: Row, prefix: str = "") -> Payment:
    """Convert a row of ``payments``; a join may have prefixed its columns."""

    def column(name: str) -> Any:
        return row[prefix + name]

    currency = column("currency")
    code = column("decline_code")
    return Payment(
        id=column("id"),
        order_id=column("order_id"),
        merchant_id=uuid(column("merchant_id")),
        amount=Money(column("amount"), currency),
        instrument=Instrument(
            method=column("method"), flow=column("flow"), display=decoded(column("instrument"))
        ),
        processor=column("processor"),
        status=column("status"),
        capture_mode=column("capture_mode"),
        amount_authorized=Money(column("amount_authorized"), currency),
        amount_captured=Money(column("amount_captured"), currency),
        amount_refunded=Money(column("amount_refunded"), currency),
        captured=column("captured"),
        decline=Decline(code, column("error_description")) if code else None,
        version=column("version"),
        last_seq=column("last_seq"),
        created_at=column("created_at"),
        updated_at=column("updated_at"),
        scenario=column("scenario"),
        next_action=_next_action(decoded(column("next_action"))),
        hold_ended_at=column("hold_ended_at"),
        link_id=column("link_id"),
        notes=decoded(column("notes")),
    )


def _next_action(stored: Mapping[str, Any] | None) -> NextAction | None:
    if stored is None:
        return None
    expires_at = datetime.fromisoformat(stored["expires_at"])
    return NextAction(stored["type"], expires_at, stored["data"])


# The parameters are sets: one statement opens the payments of concurrent requests.
OPEN = f"""
WITH given AS (
    SELECT * FROM json_to_recordset($1::json) AS t(
        {record_type(COLUMNS)}, op_id text, kind text, run_at timestamptz, sealed text,
        fallbacks jsonb, traceparent text, key text, fingerprint text, response_code int,
        response text, expires_at timestamptz)
),
-- The orders are locked, so the statement sees every live payment. An insert that meets one in
-- the index would wait for the worker that settles it, which waits for the order. A subquery,
-- not a join: its plan is made while the table may be empty, and is used while it grows.
free AS (
    SELECT * FROM given WHERE (
        SELECT p.id FROM payments p WHERE p.order_id = given.order_id AND p.{LIVE_SQL} LIMIT 1
    ) IS NULL
),
answers AS (
    INSERT INTO idempotency_keys
        (key, merchant_id, fingerprint, response_code, response, created_at, expires_at)
    SELECT key, merchant_id, fingerprint, response_code, response::json, created_at, expires_at
    FROM free WHERE key IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING key, merchant_id
),
opened AS (
    INSERT INTO payments ({names(COLUMNS)}, traceparent)
    SELECT {names(COLUMNS)}, traceparent FROM free
    WHERE key IS NULL OR (key, merchant_id) IN (SELECT key, merchant_id FROM answers)
    ON CONFLICT (order_id) WHERE {LIVE_SQL} DO NOTHING
    RETURNING id, order_id, created_at
),
-- After the payment, never before it: otherwise two requests for one order could
-- deadlock.
attempted AS (
    UPDATE orders SET status = 'attempted', updated_at = (SELECT max(created_at) FROM opened)
    WHERE id = ANY(ARRAY(SELECT order_id FROM opened)) AND status = 'created'
),
added AS (
    INSERT INTO operations (id, payment_id, merchant_id, kind, amount, currency, processor, state,
        lease_state, run_at, queries, sealed, fallbacks, claims, created_at, updated_at)
    SELECT op_id, id, merchant_id, kind, amount, currency, processor, 'reserved',
        'ready', run_at, 0, sealed, fallbacks, 0, created_at, created_at
    FROM free WHERE id IN (SELECT id FROM opened)
    RETURNING id
),
{store_events("added")},
{store_decisions("$4", "added")}
SELECT ARRAY(SELECT id FROM opened) AS ids, (SELECT count(*) FROM answers) AS answers
"""

# Limited before it is counted, so that a check does not read years of payments. One statement
# for each kind of question, so that the generic plan of a prepared statement uses the index.
_COUNT = f"""
SELECT count(*)::int AS payments,
    (count(*) FILTER (WHERE status = 'success'))::int AS succeeded,
    (count(*) FILTER (WHERE status = 'failed'))::int AS failed,
    coalesce(sum(amount) FILTER (WHERE status <> 'failed' AND currency = $5), 0)::bigint
        AS amount_minor
FROM (
    SELECT status, amount, currency FROM payments
    WHERE merchant_id = $1 AND created_at >= $2 AND created_at <= $3
        AND ($4 = '' OR created_at < $3 OR id < $4)
        AND {{which}}
    ORDER BY created_at DESC LIMIT {HISTORY_ROWS_MAX + 1}
) AS seen
"""
COUNT = {
    "instrument": _COUNT.format(
        which="method = $6 AND instrument = $7::jsonb "
        "AND jsonb_hash_extended(instrument, 0) = jsonb_hash_extended($7::jsonb, 0)"
    ),
    "order": _COUNT.format(which="order_id = $6"),
    "merchant": _COUNT.format(which="true"),
}
UPDATE = """
UPDATE payments SET status = $3, captured = $4, version = $2, updated_at = $5
WHERE id = $1 AND version = $2 - 1 RETURNING id
"""
LIVE_STATUS = f"SELECT status FROM payments WHERE order_id = $1 AND {LIVE_SQL}"
LIVE_ORDERS = f"SELECT order_id FROM payments WHERE order_id = ANY($1::text[]) AND {LIVE_SQL}"
BY_ID = f"SELECT {names(READ)} FROM payments WHERE id = $1"
BY_IDS = f"SELECT {names(READ)} FROM payments WHERE id = ANY($1::text[])"
TRACEPARENTS = """
SELECT id, traceparent FROM payments WHERE id = ANY($1::text[]) AND traceparent IS NOT NULL
"""


async def find_payments(payment_ids: Sequence[str], executor: Executor) -> Sequence[Payment | None]:
    """Return the payment of each id; None for an unknown one."""
    rows = await executor.fetch(BY_IDS, list(set(payment_ids)))
    found = {row["id"]: row_to_payment(row) for row in rows}
    return [found.get(payment_id) for payment_id in payment_ids]


@dataclass(frozen=True, slots=True)
class PostgresPayments:
    """Implements ``PaymentRepository``.

    Args:
        executor: Runs the statements.
        by_id: Reads payments for concurrent requests together; None in a transaction.
    """

    executor: Executor
    by_id: Batcher[str, Payment | None] | None = None

    async def open(self, new: NewPayment) -> None:
        if new.change.after.id not in await self.open_all([new]):
            status = await self.executor.fetchval(LIVE_STATUS, new.change.after.order_id)
            raise OrderNotPayableError(
                "Order already paid"
                if status == "success"
                else "Payment already in progress for this order"
            )

    async def open_all(self, new: Sequence[NewPayment]) -> frozenset[str]:
        events = [event_row(event, each.operation.id) for each in new for event in each.events]
        deliveries = [row for each in new for row in delivery_rows(each.events)]
        decisions = [row for each in new for row in decision_rows(each.operation, each.decisions)]
        rows = ([_opening(each) for each in new], events, deliveries, decisions)
        try:
            row = await self.executor.fetchrow(OPEN, *(encoded(each) for each in rows))
        except REFUSED as error:
            raise RowRefusedError(str(error)) from error
        assert row is not None, "the statement returns a row"
        opened = frozenset(row["ids"])
        keyed = {each.change.after.id for each in new if each.answer is not None}
        if row["answers"] != len(opened & keyed):
            raise StaleWriteError
        return opened

    async def get(self, payment_id: str) -> Payment | None:
        if not is_id(IdKind.PAYMENT, payment_id):
            return None
        if self.by_id is not None:
            return await self.by_id.submit(payment_id)
        return (await find_payments([payment_id], self.executor))[0]

    async def has_live(self, order_id: str) -> bool:
        return await self.executor.fetchval(LIVE_STATUS, order_id) is not None

    async def live_orders(self, order_ids: Collection[str]) -> frozenset[str]:
        rows = await self.executor.fetch(LIVE_ORDERS, list(order_ids))
        return frozenset(row["order_id"] for row in rows)

    async def lock(self, payment_id: str) -> Payment | None:
        if not is_id(IdKind.PAYMENT, payment_id):
            return None
        row = await self.executor.fetchrow(BY_ID + " FOR UPDATE", payment_id)
        return row_to_payment(row) if row else None

    async def update(self, change: Change[Payment]) -> None:
        assert not change.events, "a change with events is stored with them"
        after = change.after
        stored = await self.executor.fetchval(
            UPDATE, after.id, after.version, after.status, after.captured, after.updated_at
        )
        assert stored is not None, "the payment is locked, so its version cannot change"

    async def add_operation(self, change: Change[Payment], operation: Operation) -> None:
        await self.update(change)
        await self.executor.fetch(ADD_OPERATIONS, encoded([operation_row(operation)]))

    async def page(
        self, merchant_id: UUID, page: PageRequest, search: PaymentSearch = ALL_PAYMENTS
    ) -> Page[Payment]:
        wanted = search_payments(merchant_id, search)
        return await read_page(
            PaymentRow, wanted, row_to_payment, self.executor, page, of=PAYMENT_LIST
        )

    async def count(self, question: HistoryQuestion) -> PaymentCounts:
        same, by = "merchant", tuple[Any, ...]()
        if question.order_id is not None:
            same, by = "order", (question.order_id,)
        elif question.display is not None:
            same, by = "instrument", (question.method, encoded(dict(question.display)))
        row = await self.executor.fetchrow(
            COUNT[same],
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

    async def traceparents(self, payment_ids: Sequence[str]) -> Mapping[str, str]:
        rows = await self.executor.fetch(TRACEPARENTS, list(payment_ids))
        return {row["id"]: row["traceparent"] for row in rows}

    async def timeline(self, payment_id: str) -> Sequence[TimelineEntry]:
        rows = await self.executor.fetch(TIMELINE, payment_id)
        return [
            TimelineEntry(row["at"], row["kind"], row["id"], decoded(row["data"])) for row in rows
        ]


def _opening(new: NewPayment) -> dict[str, Any]:
    row = {
        **stored_values(COLUMNS, new.change.after),
        "op_id": new.operation.id,
        "kind": new.operation.kind,
        "run_at": new.operation.due_at,
        "sealed": new.operation.sealed,
    }
    if new.operation.fallbacks:
        row["fallbacks"] = new.operation.fallbacks
    if new.traceparent is not None:
        row["traceparent"] = new.traceparent
    if new.answer is not None:
        stored = new.answer.stored
        row["key"] = new.answer.key
        row["fingerprint"] = stored_fingerprints(stored)
        row["response_code"] = stored.answer.status
        row["response"] = stored.answer.body.decode()
        row["expires_at"] = stored.expires_at
    return row


def decision_rows(operation: Operation, decisions: Iterable[Decision]) -> Iterable[dict[str, Any]]:
    """Convert decisions about an operation's payment to rows of a parameter."""
    for decision in decisions:
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
    """Convert an event to a row of a parameter."""
    return {
        "op_id": operation_id,
        "event_id": event.id,
        "merchant_id": event.merchant_id,
        "type": event.type,
        "payment_id": event.payment_id,
        "seq": event.seq,
        "body": event.body.decode(),
        "created_at": event.created_at,
        "request_id": event.request_id,
    }


def delivery_rows(events: Iterable[StoredEvent]) -> Iterable[dict[str, Any]]:
    """Convert the deliveries of events to rows of a parameter."""
    for event in events:
        for delivery in event.deliveries:
            yield {
                "id": delivery.id,
                "event_id": event.id,
                "sink": delivery.sink,
                "endpoint_id": delivery.endpoint_id,
            }


# Each merchant's newest payments come from an index; decisions are read for what is left.
PAST_ROUTES = f"""
WITH found AS (
    SELECT p.* FROM merchants m CROSS JOIN LATERAL (
        SELECT * FROM payments
        WHERE merchant_id = m.id AND created_at >= $1 AND created_at < $2
        ORDER BY created_at DESC, id DESC LIMIT $4
    ) AS p
    WHERE $3::uuid IS NULL OR m.id = $3
    ORDER BY p.created_at DESC, p.id DESC LIMIT $4
)
SELECT {prefixed(READ, "p")}, coalesce(d.chosen, p.processor) AS chosen,
    d.data -> 'health' AS health
FROM found p LEFT JOIN LATERAL (
    SELECT chosen, data FROM payment_decisions
    WHERE payment_id = p.id AND kind = 'route' LIMIT 1
) AS d ON true
ORDER BY p.created_at DESC, p.id DESC
"""
_HEALTH_FIELDS = frozenset(field.name for field in fields_of(Health))


@dataclass(frozen=True, slots=True)
class PostgresPastRoutes:
    """Implements ``PastRouteRepository``."""

    executor: Executor

    async def newest(self, wanted: PastPayments) -> Sequence[PastRoute]:
        rows = await self.executor.fetch(
            PAST_ROUTES, wanted.since, wanted.until, wanted.merchant_id, wanted.limit
        )
        return [_row_to_route(row) for row in rows]


def _row_to_route(row: Row) -> PastRoute:
    health: Mapping[str, Mapping[str, Any]] = decoded(row["health"]) or {}
    return PastRoute(
        row_to_payment(row, "p_"),
        row["chosen"],
        {id: _health(figures) for id, figures in health.items()},
    )


def _health(stored: Mapping[str, Any]) -> Health:
    # A newer version of paygate may store more.
    return Health(**{name: value for name, value in stored.items() if name in _HEALTH_FIELDS})
