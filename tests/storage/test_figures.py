"""The figures that triggers maintain equal a count of all rows at any time."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import asyncpg
import pytest

from paygate.adapters.postgres.tables.figures import TOTALS
from tests.harness.apps import TestApp

MERCHANT = "550e8400-e29b-41d4-a716-446655440000"
NEXT = {
    "pending": ("processing", "failed", "unknown"),
    "processing": ("success", "authorized", "failed", "unknown"),
    "unknown": ("success", "failed", "processing"),
    "authorized": ("capturing", "voiding", "cancelled"),
    "capturing": ("success", "cancelled"),
    "voiding": ("cancelled", "success"),
    "failed": ("success",),
    "success": (),
    "cancelled": (),
}
HOUR = "date_trunc('hour', created_at, 'UTC')"
# Payments by hour, method, currency and decline code, and refunds by hour and currency.
COUNTED = f"""
SELECT {HOUR} AS hour, method, currency,
    CASE WHEN status = 'failed' THEN coalesce(decline_code, '') ELSE '' END AS code,
    count(*), count(*) FILTER (WHERE status = 'success'), count(*) FILTER (WHERE status = 'failed'),
    coalesce(sum(amount_captured) FILTER (WHERE status = 'success'), 0), 0, 0
FROM payments GROUP BY 1, 2, 3, 4
UNION ALL
SELECT {HOUR}, '', currency, '', 0, 0, 0, 0, count(*), sum(amount)
FROM refunds WHERE status <> 'failed' GROUP BY 1, 3
ORDER BY 1, 2, 3, 4
"""
SUMS = ("payments", "succeeded", "failed", "captured_minor", "refunds", "refunded_minor")
KEPT = f"""
SELECT hour, method, currency, decline_code, {", ".join(f"sum({name})" for name in SUMS)}
FROM (SELECT * FROM hourly_figures UNION ALL SELECT * FROM figure_changes) AS kept
GROUP BY 1, 2, 3, 4
HAVING ({", ".join(f"sum({name})" for name in SUMS)}) <> (0, 0, 0, 0, 0, 0)
ORDER BY 1, 2, 3, 4
"""
COUNTED_TOTALS = """
SELECT count(*), count(*) FILTER (WHERE status = 'success'),
    coalesce(sum(amount_captured) FILTER (WHERE status = 'success' AND currency = 'INR'), 0)
FROM payments WHERE merchant_id = $1
"""
NEW_ORDER = """
INSERT INTO orders (id, merchant_id, amount, currency) VALUES ($1, $2, 500, $3)
"""
NEW_PAYMENTS = """
INSERT INTO payments (id, order_id, merchant_id, amount, currency, method, created_at)
SELECT 'pay_' || o, o, $2, 500, $3, $4, $5::timestamptz FROM unnest($1::text[]) AS o
"""
MOVE = """
UPDATE payments SET status = $2, version = version + 1, decline_code = $3,
    amount_authorized = CASE WHEN $4 > 0 THEN 500 ELSE 0 END, amount_captured = $4
WHERE id = ANY($1::text[]) AND status = $5
"""
NEW_REFUND = """
INSERT INTO refunds (id, payment_id, merchant_id, amount, currency, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""


class Shop:
    """Changes rows at random, on one connection, as SQL may."""

    def __init__(self, connection: Any, seed: int) -> None:
        self._connection = connection
        self._random = Random(seed)
        self._name = f"{seed:03}"
        self._made = 0
        self._payments: dict[str, str] = {}
        self._refunds = 0

    async def step(self) -> None:
        """Change something in a transaction, and roll back every fifth."""
        before = dict(self._payments)
        transaction = self._connection.transaction()
        await transaction.start()
        await self._random.choice((self._create, self._create, self._move, self._move, self._odd))()
        if self._random.random() < 0.2:
            await transaction.rollback()
            self._payments = before
        else:
            await transaction.commit()

    async def _create(self) -> None:
        currency, method = self._random.choice(("INR", "USD")), self._random.choice(("upi", "card"))
        orders = [self._new_id() for _ in range(self._random.randint(1, 4))]
        for order in orders:
            await self._connection.execute(NEW_ORDER, order, MERCHANT, currency)
        at = await self._connection.fetchval(
            "SELECT timestamptz '2026-01-01T00:30:00Z' + $1 * interval '1 hour'",
            self._random.randint(0, 3),
        )
        await self._connection.execute(NEW_PAYMENTS, orders, MERCHANT, currency, method, at)
        self._payments |= {f"pay_{order}": "pending" for order in orders}

    async def _move(self) -> None:
        status = self._random.choice(list(NEXT))
        ids = [id for id, now in self._payments.items() if now == status]
        if not ids or not NEXT[status]:
            return
        after = self._random.choice(NEXT[status])
        moved = self._random.sample(ids, self._random.randint(1, len(ids)))
        code = self._random.choice(("insufficient_funds", "expired", None))
        captured = self._random.choice((200, 500)) if after == "success" else 0
        declined = code if after == "failed" else None
        await self._connection.execute(MOVE, moved, after, declined, captured, status)
        self._payments |= dict.fromkeys(moved, after)

    async def _odd(self) -> None:
        """Refund, delete, or change what paygate itself never changes."""
        paid = [id for id, now in self._payments.items() if now == "success"]
        if not paid:
            return
        id = self._random.choice(paid)
        what = self._random.choice(("refund", "settle", "date", "delete", "capture"))
        if what == "refund":
            row = await self._connection.fetchrow("SELECT * FROM payments WHERE id = $1", id)
            refund = f"rfnd_{self._new_id()}"
            await self._connection.execute(
                NEW_REFUND, refund, id, MERCHANT, 100, row["currency"], row["created_at"]
            )
        elif what == "settle":
            to = self._random.choice(("processed", "failed"))
            await self._connection.execute(
                "UPDATE refunds SET status = $2 WHERE payment_id = $1", id, to
            )
        elif what == "date":
            await self._connection.execute(
                "UPDATE payments SET created_at = created_at - interval '1 day', method = 'wallet'"
                " WHERE id = $1",
                id,
            )
        elif what == "capture":
            await self._connection.execute(
                "UPDATE payments SET amount_captured = 300 WHERE id = $1", id
            )
        else:
            await self._connection.execute("DELETE FROM refunds WHERE payment_id = $1", id)
            await self._connection.execute("DELETE FROM payments WHERE id = $1", id)
            del self._payments[id]

    def _new_id(self) -> str:
        self._made += 1
        return f"{self._name}{self._made:013}"


async def compare(connection: Any) -> None:
    """In one snapshot, what is kept is what is counted."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        counted = [tuple(row) for row in await connection.fetch(COUNTED)]
        kept = [tuple(row) for row in await connection.fetch(KEPT)]
        counted_totals = await connection.fetchrow(COUNTED_TOTALS, MERCHANT)
        totals = await connection.fetchrow(TOTALS, MERCHANT)
    assert kept == counted
    assert tuple(totals) == tuple(counted_totals)


async def fold(app: TestApp) -> int:
    return await app.app.storage.figures.fold(limit=7)


@pytest.mark.parametrize("seed", range(5))
async def test_figures_are_exact_after_every_change(app: TestApp, seed: int):
    connection = await asyncpg.connect(app.database_url)
    try:
        shop = Shop(connection, seed)
        for step in range(120):
            await shop.step()
            if step % 3 == 0:
                await fold(app)
            await compare(connection)
        while await fold(app):
            pass
        await compare(connection)
        await app.rows("SELECT paygate_count_all()")
        await compare(connection)
        assert await app.value("SELECT count(*) FROM figure_changes") == 0
    finally:
        await connection.close()


async def test_figures_are_exact_while_others_write_and_fold(app: TestApp):
    connections = [await asyncpg.connect(app.database_url) for _ in range(5)]
    *writers, reader = connections

    async def write(connection: Any, seed: int) -> None:
        shop = Shop(connection, seed)
        for _ in range(60):
            await shop.step()

    async def fold_all() -> None:
        while True:
            await asyncio.gather(fold(app), fold(app))

    folding = asyncio.create_task(fold_all())
    writing = asyncio.gather(*(write(each, n) for n, each in enumerate(writers, 100)))
    try:
        while not writing.done():
            await compare(reader)
        await writing
        await compare(reader)
        folding.cancel()
        await asyncio.gather(folding, return_exceptions=True)
        while await fold(app):
            pass
        await compare(reader)
    finally:
        folding.cancel()
        for each in connections:
            await each.close()


async def test_a_transaction_that_does_not_end_delays_no_payment_of_its_merchant(app: TestApp):
    await app.paid()
    while await fold(app):
        pass
    other = await asyncpg.connect(app.database_url)
    try:
        async with other.transaction():
            shop = Shop(other, 7)
            await shop._create()
            async with asyncio.timeout(4):
                await app.paid()
                assert await fold(app) == 1
                stats = (await app.call("GET", "/payments/stats")).json
        assert stats["totalTransactions"] == 2
    finally:
        await other.close()


async def test_truncating_a_table_resets_the_figures(app: TestApp):
    await app.paid()
    await fold(app)
    await app.paid()
    await app.rows("TRUNCATE payments CASCADE")

    stats = (await app.call("GET", "/payments/stats")).json

    assert stats == {"totalTransactions": 0, "totalAmount": 0, "successRate": 0}
    assert await app.rows("SELECT * FROM hourly_figures") == []
