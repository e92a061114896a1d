"""A worker as a whole."""

from __future__ import annotations

import asyncio

import pytest

from paygate.core.workers.worker import Worker
from tests.harness.apps import TestApp


async def test_a_worker_whose_heart_fails_ends_instead_of_living_on_unheard(app: TestApp):
    await app.rows("ALTER TABLE workers RENAME COLUMN heartbeat_at TO nothing")
    worker = Worker(app.app.deps, worker_id="w")

    with pytest.raises(Exception, match="heartbeat_at"):
        async with asyncio.timeout(10):
            await worker.run()


async def test_a_worker_that_is_stopped_has_left_and_holds_nothing(app: TestApp):
    await app.paid()
    async with app.working():
        await app.until_value(1, "SELECT count(*) FROM workers")

    assert await app.value("SELECT count(*) FROM workers") == 0
    assert await app.value("SELECT count(*) FROM operations WHERE lease_token IS NOT NULL") == 0
