"""Workers for single queues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest

from paygate.core.queue.notifier import QUEUES, Queue
from paygate.core.queue.worker import Worker
from tests.harness.apps import TestApp


@asynccontextmanager
async def working_only(app: TestApp, *queues: Queue) -> AsyncIterator[None]:
    worker = Worker(app.app.deps, worker_id="-".join(queues), queues=queues)
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await running


UNDONE = """
SELECT 'payments' FROM operations WHERE kind <> 'refund' AND lease_state = 'ready'
UNION SELECT 'refunds' FROM operations WHERE kind = 'refund' AND lease_state = 'ready'
UNION SELECT 'webhooks' FROM webhook_logs WHERE status = 'pending'
"""


async def undone(app: TestApp) -> set[str]:
    return {row["?column?"] for row in await app.rows(UNDONE)}


async def work_of_every_queue(app: TestApp) -> None:
    async with app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")
    await app.webhook_url()
    await app.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 500})
    await app.paid()
    assert await undone(app) == set(QUEUES)


@pytest.mark.parametrize("queue", QUEUES)
async def test_a_worker_for_one_queue_leaves_the_others_alone(app: TestApp, queue: Queue):
    await work_of_every_queue(app)
    await app.call("PATCH", "/merchant/webhook", json={"webhook_url": "http://localhost:9/hook"})

    async with working_only(app, queue):
        async with asyncio.timeout(60):
            while queue in await undone(app):
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)

    assert await undone(app) == set(QUEUES) - {queue}


async def test_workers_for_one_queue_each_do_all_the_work(app: TestApp):
    await work_of_every_queue(app)

    async with (
        working_only(app, "payments"),
        working_only(app, "refunds"),
        working_only(app, "webhooks"),
        asyncio.timeout(60),
    ):
        while await undone(app):
            await asyncio.sleep(0.02)


def test_every_queue_is_a_choice_of_the_command_line():
    from typer.testing import CliRunner

    from paygate.cli.verbs import app

    wanted: Collection[str] = QUEUES
    answer = CliRunner().invoke(app, ["work", "--only", "everything"])

    assert answer.exit_code == 2
    assert all(queue in answer.output for queue in wanted)
