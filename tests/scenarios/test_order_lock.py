"""An order's lock decides between a payment that succeeds late and another payment of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tests.harness.apps import Answer
from tests.harness.patience import PATIENCE_S
from tests.harness.playing import PlayedApp
from tests.scenarios.test_callbacks import callback, send

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM orders%'
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
SUCCEED = "UPDATE payments SET status = 'success', version = version + 1 WHERE id = $1"


@asynccontextmanager
async def locked(url: str, order_id: str) -> AsyncIterator[asyncpg.Connection]:
    """Hold the order's lock until the end of the block, in a session of its own."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT id FROM orders WHERE id = $1 FOR NO KEY UPDATE", order_id
            )
            yield connection
    finally:
        await connection.close()


async def until_one_waits(connection: asyncpg.Connection) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await connection.fetchval(WAITING):
            await connection.execute("SELECT pg_stat_clear_snapshot()")
            await asyncio.sleep(0.01)


async def declined(stage: PlayedApp, order_id: str) -> tuple[str, str]:
    """Return a payment whose payer did not respond, and its charge."""
    headers = {"Paygate-Scenario": "late_success_after_three_days"}
    body = {"order_id": order_id, "method": "upi", "vpa": "asha@paytm"}
    answer = await stage.call("POST", "/payments", json=body, headers=headers)
    await stage.idle()
    payment_id = answer.json["id"]
    assert (await stage.payment(payment_id))["status"] == "failed"
    charge = "SELECT id FROM operations WHERE payment_id = $1 AND kind = 'charge'"
    return payment_id, await stage.value(charge, payment_id)


async def test_a_new_payment_waits_for_the_order_lock_and_reads_the_current_state(
    stage: PlayedApp,
):
    order = await stage.order()
    first, _ = await declined(stage, order)
    async with locked(stage.database_url, order) as holder:
        paying = asyncio.create_task(stage.pay(order, method="upi", vpa="asha@paytm"))
        await until_one_waits(holder)
        await holder.execute(SUCCEED, first)
    answer = await paying

    assert (answer.status, answer.json["error"]["description"]) == (400, "Order already paid")
    assert await stage.value("SELECT count(*) FROM payments") == 1


async def test_a_late_success_waits_for_the_order_lock_and_is_refunded(
    stage: PlayedApp,
):
    order = await stage.order()
    (first, charge), (second, _) = await declined(stage, order), await declined(stage, order)
    async with locked(stage.database_url, order) as holder:
        sending = asyncio.create_task(send(stage, callback(charge, "approved")))
        await until_one_waits(holder)
        await holder.execute(SUCCEED, second)
    answer = await sending

    assert answer.status == 200
    payment = await stage.payment(first)
    assert (payment["status"], payment["amount_captured"], payment["amount_refunded"]) == (
        "failed",
        50_000,
        50_000,
    )


async def test_a_concurrent_late_success_and_payment_do_not_deadlock(stage: PlayedApp):
    for number in range(15):
        order = await stage.order()
        _, charge = await declined(stage, order)
        both: list[Any] = [
            send(stage, callback(charge, "approved", id=f"late-{number}")),
            stage.pay(order, method="upi", vpa="asha@paytm"),
        ]
        late, new = await asyncio.gather(*both)
        assert isinstance(late, Answer)
        assert (late.status, new.status in {201, 400}) == (200, True)
        await stage.idle()
        paid = "SELECT count(*) FROM payments WHERE order_id = $1 AND status = 'success'"
        assert await stage.value(paid, order) <= 1
    assert await stage.value(DEADLOCKS) == 0
