"""Database errors are translated: repeat, wait, or refuse."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from paygate.adapters.postgres.pool import IDLE_IN_TRANSACTION_MS
from paygate.core.deps import Deps, run_again_on_conflict
from paygate.core.errors import InfrastructureError, RowLockedError
from tests.harness.apps import TestApp
from tests.harness.databases import Databases


async def test_both_transactions_of_a_deadlock_succeed(app: TestApp):
    first, second = await app.order(), await app.order()
    both = asyncio.Barrier(2)
    runs: list[str] = []

    @run_again_on_conflict
    async def lock_both(ids: tuple[str, str], deps: Deps) -> None:
        runs.append(ids[0])
        async with deps.storage.transaction() as storage:
            await storage.orders.lock(ids[0])
            if len(runs) <= 2:
                await both.wait()
            await storage.orders.lock(ids[1])

    await asyncio.gather(
        lock_both((first, second), app.app.deps), lock_both((second, first), app.app.deps)
    )

    assert len(runs) == 3


async def test_a_locked_row_is_distinguished_from_an_unavailable_database(app: TestApp):
    order = await app.order()
    executor = app.app.storage.executor

    async with app.app.deps.storage.transaction() as holder:
        await holder.orders.lock(order)
        with pytest.raises(RowLockedError):
            async with executor.transaction(lock_timeout_ms=50) as other:
                await other.fetch("SELECT FROM orders WHERE id = $1 FOR UPDATE", order)


async def test_an_altered_table_causes_no_request_error(app: TestApp):
    for key in range(6):
        await app.call(
            "POST", "/orders", json={"amount": 100}, headers={"Idempotency-Key": f"{key}"}
        )
    await app.rows("ALTER TABLE orders ADD COLUMN newer text")
    await app.rows("ALTER TABLE payments ADD COLUMN newer text")

    order = await app.order()
    paid = await app.pay(order)
    keyed = await app.call(
        "POST", "/orders", json={"amount": 100}, headers={"Idempotency-Key": "after"}
    )

    assert (paid.status, keyed.status) == (201, 201)


async def test_a_task_cancelled_as_its_transaction_begins_keeps_no_connection(app: TestApp):
    storage = app.app.storage

    async def begin() -> None:
        async with storage.transaction():
            pass

    # After so many steps of the event loop each; more of them than the pool has connections
    # are cancelled during BEGIN.
    for steps in range(60):
        task = asyncio.create_task(begin())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    # Long before the server ends what is idle in a transaction.
    async with asyncio.timeout(IDLE_IN_TRANSACTION_MS / 1000 / 2):
        while storage.connections()[0]:
            await asyncio.sleep(0.01)
        await asyncio.gather(*(begin() for _ in range(20)))


async def test_sessions_that_became_read_only_are_replaced(app: TestApp, databases: Databases):
    name = urlsplit(app.app.settings.database_url).path.lstrip("/")
    mark = 'ALTER DATABASE "{}" {}'
    await databases.run(mark.format(name, "SET default_transaction_read_only = on"))
    await databases.run(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    async with asyncio.timeout(30):
        while (refused := await app.call("POST", "/orders", json={"amount": 100})).status != 503:
            pass
    while "read-only" not in await _refusal(app):
        pass
    await databases.run(mark.format(name, "RESET default_transaction_read_only"))

    async with asyncio.timeout(30):
        answers = [await app.call("POST", "/orders", json={"amount": 100})]
        while answers[-1].status != 201:
            await asyncio.sleep(0.05)
            answers.append(await app.call("POST", "/orders", json={"amount": 100}))

    assert refused.headers["Retry-After"] == "1"
    assert {answer.status for answer in answers} <= {201, 503}


async def _refusal(app: TestApp) -> str:
    with pytest.raises(InfrastructureError) as refusal:
        await app.app.storage.executor.fetch("DELETE FROM workers")
    return str(refusal.value)
