"""Probes: whether a process lives, and whether it can serve."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from paygate.core.api.app import create_app
from paygate.core.errors import InfrastructureError
from paygate.core.observe.readiness import Readiness
from tests.harness.apps import TestApp


async def ready(app: TestApp, **settings: Any) -> tuple[int, Any]:
    web = create_app(app.app.deps, replace(app.app.web, **settings))
    answer = await web.test_client().get("/readyz")
    return answer.status_code, await answer.get_json()


async def test_a_process_lives_and_is_ready(app: TestApp):
    lives = await app.call("GET", "/livez", keys=None)
    is_ready = await app.call("GET", "/readyz", keys=None)

    assert (lives.status, lives.json) == (200, {"status": "live"})
    assert (is_ready.status, is_ready.json) == (200, {"status": "ready", "problems": []})


async def test_a_process_that_stops_is_not_ready(app: TestApp):
    assert await ready(app, is_stopping=lambda: True) == (
        503,
        {"status": "not_ready", "problems": ["stopping"]},
    )


async def test_a_process_whose_worker_has_ended_is_not_ready(app: TestApp):
    assert await ready(app, worker_runs=lambda: False) == (
        503,
        {"status": "not_ready", "problems": ["worker_stopped"]},
    )
    assert (await ready(app, worker_runs=lambda: True))[0] == 200


async def test_a_process_is_not_ready_while_a_migration_is_missing(app: TestApp):
    executor = app.app.storage.executor
    (row,) = await executor.fetch(
        "DELETE FROM tortoise_migrations WHERE name LIKE '0002%' RETURNING app, name, applied_at"
    )
    try:
        missing = await ready(app)
    finally:
        await executor.fetch(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ($1, $2, $3)",
            *row.values(),
        )

    assert missing == (503, {"status": "not_ready", "problems": ["migrations_missing"]})
    assert (await ready(app))[0] == 200


async def test_a_process_without_its_database_lives_and_is_not_ready():
    async def unavailable() -> Sequence[str]:
        raise InfrastructureError("no connection")

    assert await Readiness(unavailable).problems() == ("database_unavailable",)


async def test_a_database_that_does_not_answer_in_time_is_unavailable():
    async def hangs() -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    assert await Readiness(hangs, deadline_s=0.01).problems() == ("database_unavailable",)


async def test_a_flood_of_probes_asks_the_database_once():
    asked = 0

    async def count() -> Sequence[str]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return []

    readiness = Readiness(count)
    found = await asyncio.gather(*(readiness.problems() for _ in range(1000)))

    assert (asked, set(map(tuple, found))) == (1, {()})


async def test_a_probe_that_ends_early_does_not_end_the_others():
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow() -> Sequence[str]:
        began.set()
        await may_end.wait()
        return []

    readiness = Readiness(slow, deadline_s=30)
    first, second = (asyncio.create_task(readiness.problems()) for _ in range(2))
    await began.wait()
    first.cancel()
    may_end.set()

    assert await second == ()
