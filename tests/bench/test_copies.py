"""A database is filled with copies of what the API has stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from bench.copies import Copies, copied_id, remove_payments
from tests.harness.apps import TestApp

COUNT = 3


@pytest.fixture
async def connection(own_app: TestApp) -> AsyncIterator[asyncpg.Connection[Any]]:
    """To the app's own database, which is gone after the test."""
    connection = await asyncpg.connect(own_app.database_url)
    yield connection
    await connection.close()


async def test_copies_keep_the_relations_of_the_originals(
    own_app: TestApp, connection: asyncpg.Connection[Any]
):
    await own_app.webhook_url("http://localhost:9/hook")
    payment = await own_app.paid()
    endpoints = await connection.fetch("SELECT endpoint_id FROM webhook_logs")
    copies = Copies(connection, "kept")
    await copies.keep()

    await copies.fill(COUNT)

    ids = [row[0] for row in await connection.fetch("SELECT id FROM payments")]
    assert sorted(ids) == sorted(copied_id(payment, number) for number in (1, 2, 3))
    for table in copies.tables:
        kept = await connection.fetchval(f"SELECT count(*) FROM kept.{table}")
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == COUNT * kept, table
    joined = "SELECT count(*) FROM payments p JOIN orders o ON o.id = p.order_id"
    assert await connection.fetchval(joined) == COUNT
    joined = "SELECT count(DISTINCT e.id) FROM webhook_logs d JOIN events e ON e.id = d.event_id"
    assert await connection.fetchval(joined) == COUNT * len(endpoints)
    known = {row[0] for row in await connection.fetch("SELECT endpoint_id FROM webhook_logs")}
    assert known == {row[0] for row in endpoints}


async def test_the_api_reads_a_copy(own_app: TestApp, connection: asyncpg.Connection[Any]):
    payment = await own_app.paid()
    copies = Copies(connection, "kept")
    await copies.keep()
    await copies.fill(COUNT)

    copied = await own_app.payment(copied_id(payment, 2))

    assert copied["id"] == copied_id(payment, 2)
    assert (await own_app.call("GET", "/payments?limit=20&offset=0")).json["total"] == COUNT


async def test_copied_orders_can_be_paid(own_app: TestApp, connection: asyncpg.Connection[Any]):
    order = await own_app.order()
    copies = Copies(connection, "kept")
    await copies.keep_order(order)
    await copies.insert("orders", 2, salt="a")
    await copies.insert("orders", 2, salt="b")

    for salt in ("a", "b"):
        assert (await own_app.pay(copied_id(order, 2, salt))).status == 201
    assert await connection.fetchval("SELECT count(*) FROM orders") == 5


async def test_the_settings_of_merchants_stay_when_payments_are_removed(
    own_app: TestApp, connection: asyncpg.Connection[Any]
):
    await own_app.webhook_url("http://localhost:9/hook")
    await own_app.paid()

    await remove_payments(connection)

    assert await connection.fetchval("SELECT count(*) FROM payments") == 0
    assert await connection.fetchval("SELECT count(*) FROM events") == 0
    url = "SELECT webhook_url FROM merchants WHERE is_test"
    assert await connection.fetchval(url) == "http://localhost:9/hook"
