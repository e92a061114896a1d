"""A worker as a whole."""

from __future__ import annotations

import asyncio

from paygate.core.queue.housekeeping import purge_expired
from paygate.core.queue.worker import Worker
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes

HOLD_FOR_AN_HOUR = """
UPDATE operations SET lease_token = gen_random_uuid(), lease_owner = $1,
    lease_until = clock_timestamp() + interval '1 hour'
"""


async def test_a_worker_continues_after_failed_heartbeats(app: TestApp):
    payment_id = await app.paid()
    await app.rows("ALTER TABLE workers RENAME COLUMN heartbeat_at TO nothing")
    worker = Worker(app.app.deps, worker_id="w")
    working = asyncio.create_task(worker.run())
    try:
        await app.rows("ALTER TABLE workers RENAME COLUMN nothing TO heartbeat_at")
        await app.until(payment_id, "success")
    finally:
        worker.stop()
        await working


async def test_a_worker_that_is_stopped_before_its_first_heartbeat_ends(app: TestApp):
    await app.rows("ALTER TABLE workers RENAME COLUMN heartbeat_at TO nothing")
    worker = Worker(app.app.deps, worker_id="w")
    working = asyncio.create_task(worker.run())

    worker.stop()

    async with asyncio.timeout(30):
        await working


async def test_a_stopping_worker_finishes_work_in_progress(app: TestApp, fakes: Fakes):
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(_payment_id: str) -> None:
        asked.set()
        await may_answer.wait()

    fakes.processor.before_answer = slow
    payment_id = await app.paid()
    worker = Worker(app.app.deps, worker_id="w")
    working = asyncio.create_task(worker.run())
    await asked.wait()
    worker.stop()
    # Long enough for a worker that does not wait to abandon what it has begun.
    done, _ = await asyncio.wait({working}, timeout=1.5)
    may_answer.set()
    await working

    assert not done
    assert (await app.payment(payment_id))["status"] == "success"
    assert [call for call, _, _ in fakes.processor.calls] == ["authorize"]


async def test_leases_of_a_dead_worker_are_released_early(app: TestApp):
    payment_id = await app.paid()
    await app.rows(HOLD_FOR_AN_HOUR, "gone")

    async with app.working():
        await app.until(payment_id, "success")


async def test_a_database_outage_releases_no_lease_of_a_live_worker(app: TestApp):
    """The first one back finds the others' heartbeats old, though none of them is gone."""
    await app.paid()
    await app.rows(HOLD_FOR_AN_HOUR, "living")
    worker = Worker(app.app.deps, worker_id="first-back")
    beats = worker._beat
    await beats()
    await app.rows(
        "INSERT INTO workers (id, kind, started_at, heartbeat_at) VALUES ('living', 'worker', "
        "clock_timestamp(), clock_timestamp() - interval '12 seconds')"
    )
    assert worker._last_beat_s is not None
    worker._last_beat_s -= 12.0

    await beats()

    held = "SELECT count(*) FROM operations WHERE lease_owner = 'living'"
    assert await app.value(held) == 1
    await beats()
    assert await app.value(held) == 0


async def test_dead_workers_are_deleted_after_minutes(app: TestApp):
    await app.rows(
        "INSERT INTO workers (id, kind, started_at, heartbeat_at) SELECT id, 'worker', "
        "clock_timestamp(), clock_timestamp() - ago FROM (VALUES ('late', interval '4 minutes'), "
        "('gone', interval '6 minutes')) AS w(id, ago)"
    )

    await purge_expired(app.app.deps)

    assert [row["id"] for row in await app.rows("SELECT id FROM workers")] == ["late"]


async def test_a_stopped_worker_is_unregistered_and_holds_no_lease(app: TestApp):
    await app.paid()
    async with app.working():
        await app.until_value(1, "SELECT count(*) FROM workers")

    assert await app.value("SELECT count(*) FROM workers") == 0
    assert await app.value("SELECT count(*) FROM operations WHERE lease_token IS NOT NULL") == 0


async def test_a_locked_payment_does_not_delay_others(
    app: TestApp,
):
    held, *others = [await app.paid() for _ in range(6)]

    async with app.working():
        async with app.app.deps.storage.transaction() as holder:
            await holder.payments.lock(held)
            for payment_id in others:
                await app.until(payment_id, "success")
            assert (await app.payment(held))["status"] != "success"
        await app.until(held, "success")
