"""Orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields

from ....core.ids import IdKind, is_id, is_order_name
from ....core.money import Money
from ....core.paging import LINK_LIST, ORDER_LIST, Page, PageRequest
from ....core.payments.model import Order, PaymentLink
from ....core.payments.store import ALL_ORDERS, LinkSearch, OrderSearch
from ..database import Executor
from ..orm import TableRow, restrict
from .pages import read_page
from .rows import Row, decoded, uuid
from .searches import search_links, search_orders


class OrderRow(TableRow):
    """An order: an amount to be paid."""

    id = fields.CharField(max_length=64, primary_key=True)
    merchant = restrict("MerchantRow", "orders")
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3, default="INR")
    receipt = fields.CharField(max_length=255, null=True)
    notes = fields.JSONField[dict[str, Any]](null=True)
    status = fields.CharField(max_length=20, default="created")
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    # The columns above are promised to merchants who use SQL; the ones below are not.
    capture_mode = fields.CharField(max_length=10, default="automatic")
    client_secret_sha256 = fields.CharField(max_length=64, null=True)
    link_id = fields.CharField(max_length=64, null=True)
    link_description = fields.CharField(max_length=255, null=True)
    link_expires_at = fields.DatetimeField(null=True)
    link_cancelled_at = fields.DatetimeField(null=True)
    # Whether the end of the link has to be reported by an event when it comes.
    link_will_expire = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "orders"


def row_to_order(row: Row) -> Order:
    """Convert a row of ``orders``."""
    return Order(
        id=row["id"],
        merchant_id=uuid(row["merchant_id"]),
        amount=Money(row["amount"], row["currency"]),
        receipt=row["receipt"],
        notes=decoded(row["notes"]) or {},
        status=row["status"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        capture_mode=row["capture_mode"],
        link=_link(row),
    )


def _link(row: Row) -> PaymentLink | None:
    if row["link_id"] is None:
        return None
    return PaymentLink(
        id=row["link_id"],
        description=row["link_description"],
        expires_at=row["link_expires_at"],
        cancelled_at=row["link_cancelled_at"],
    )


# The lock that an UPDATE of the status needs. It does not block the insert of a payment,
# which refers to the order's key.
LOCK = """
SELECT * FROM orders WHERE id = $1 AND ($2::uuid IS NULL OR merchant_id = $2) FOR NO KEY UPDATE
"""
LOCK_FREE = """
SELECT o.* FROM unnest($1::text[], $2::uuid[]) AS wanted(id, merchant_id) CROSS JOIN LATERAL (
    SELECT * FROM orders WHERE id = wanted.id AND merchant_id = wanted.merchant_id
    FOR NO KEY UPDATE SKIP LOCKED
) AS o
"""
BY_ID = "SELECT * FROM orders WHERE id = $1"
BY_LINK = "SELECT * FROM orders WHERE link_id = $1"
CANCEL_LINK = "UPDATE orders SET link_cancelled_at = $2, updated_at = $3 WHERE id = $1"
HAS_ENDED = "SELECT EXISTS (SELECT FROM orders WHERE link_will_expire AND link_expires_at <= $1)"
LOCK_ENDED = """
SELECT * FROM orders WHERE link_will_expire AND link_expires_at <= $1
ORDER BY link_expires_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
"""
REPORTED = "UPDATE orders SET link_will_expire = false WHERE id = ANY($1::text[])"
STORED_DIGEST = "SELECT client_secret_sha256 FROM orders WHERE id = $1"


@dataclass(frozen=True, slots=True)
class PostgresOrders:
    """Implements ``OrderRepository``."""

    executor: Executor

    async def add(self, order: Order, *, client_secret_sha256: str) -> None:
        with self.executor.models() as db:
            await OrderRow.create(using_db=db, **_row(order, client_secret_sha256))

    async def add_unless_there(self, order: Order, *, client_secret_sha256: str) -> None:
        with self.executor.models() as db:
            await OrderRow.bulk_create(
                [OrderRow(**_row(order, client_secret_sha256))],
                ignore_conflicts=True,
                using_db=db,
            )

    async def client_secret_sha256(self, order_id: str) -> str | None:
        if not is_order_name(order_id):
            return None
        digest: str | None = await self.executor.fetchval(STORED_DIGEST, order_id)
        return digest

    async def lock(self, order_id: str, *, merchant_id: UUID | None = None) -> Order | None:
        if not is_order_name(order_id):
            return None
        row = await self.executor.fetchrow(LOCK, order_id, merchant_id)
        return row_to_order(row) if row else None

    async def lock_free(self, owned: Collection[tuple[str, UUID]]) -> Mapping[str, Order]:
        named = [
            (order_id, merchant_id) for order_id, merchant_id in owned if is_order_name(order_id)
        ]
        orders, merchants = [each for each, _ in named], [each for _, each in named]
        rows = await self.executor.fetch(LOCK_FREE, orders, merchants)
        return {row["id"]: row_to_order(row) for row in rows}

    async def get(self, order_id: str) -> Order | None:
        if not is_order_name(order_id):
            return None
        row = await self.executor.fetchrow(BY_ID, order_id)
        return row_to_order(row) if row else None

    async def page(
        self, merchant_id: UUID, page: PageRequest, search: OrderSearch = ALL_ORDERS
    ) -> Page[Order]:
        wanted = search_orders(merchant_id, search)
        return await read_page(OrderRow, wanted, row_to_order, self.executor, page, of=ORDER_LIST)


@dataclass(frozen=True, slots=True)
class PostgresLinks:
    """Implements ``LinkRepository``."""

    executor: Executor

    async def find(self, link_id: str) -> Order | None:
        if not is_id(IdKind.LINK, link_id):
            return None
        row = await self.executor.fetchrow(BY_LINK, link_id)
        return row_to_order(row) if row else None

    async def cancel(self, order: Order) -> None:
        assert order.link is not None, "the order was created by a payment link"
        cancelled_at = order.link.cancelled_at
        await self.executor.fetch(CANCEL_LINK, order.id, cancelled_at, order.updated_at)

    async def page(self, merchant_id: UUID, page: PageRequest, search: LinkSearch) -> Page[Order]:
        wanted = search_links(merchant_id, search)
        return await read_page(OrderRow, wanted, row_to_order, self.executor, page, of=LINK_LIST)

    async def has_ended(self, *, now: datetime) -> bool:
        return bool(await self.executor.fetchval(HAS_ENDED, now))

    async def lock_ended(self, *, now: datetime, limit: int) -> Sequence[Order]:
        return [row_to_order(row) for row in await self.executor.fetch(LOCK_ENDED, now, limit)]

    async def mark_reported(self, orders: Collection[Order]) -> None:
        await self.executor.fetch(REPORTED, [order.id for order in orders])


def _row(order: Order, client_secret_sha256: str) -> dict[str, Any]:
    return {
        "id": order.id,
        "merchant_id": order.merchant_id,
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "receipt": order.receipt,
        "notes": dict(order.notes),
        "status": order.status,
        "capture_mode": order.capture_mode,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "client_secret_sha256": client_secret_sha256,
        "link_id": order.link and order.link.id,
        "link_description": order.link and order.link.description,
        "link_expires_at": order.link and order.link.expires_at,
        "link_cancelled_at": order.link and order.link.cancelled_at,
        "link_will_expire": order.link is not None and order.link.expires_at is not None,
    }
