"""A process ends, with a reason, if its worker has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from paygate.bootstrap import App
from paygate.cli.serve import serve
from paygate.cli.setup import Setup
from paygate.core.api.app import create_app
from paygate.core.errors import WorkerEndedError
from paygate.core.queue.worker import Worker
from paygate.settings import read_settings
from tests.harness.apps import TestApp


async def returns(_worker: Worker) -> None:
    """End as a worker does whose part has returned."""


async def fails(_worker: Worker) -> None:
    raise RuntimeError("a part failed")


@pytest.mark.parametrize(("run", "reason"), [(returns, "by itself"), (fails, "a part failed")])
async def test_serve_ends_when_its_worker_does(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[[Worker], object],
    reason: str,
):
    monkeypatch.setattr(Worker, "run", run)
    given = {"DATABASE_URL": database_url, "PAYGATE_HOME": str(tmp_path), "PORT": "0"}
    seen: list[App] = []

    with pytest.raises(WorkerEndedError, match=reason):
        async with asyncio.timeout(60):
            await serve(Setup(read_settings(given), given), with_worker=True, ready=seen.append)

    assert len(seen) == 1


@pytest.mark.parametrize(
    ("runs", "status", "worker"), [(True, "healthy", "running"), (False, "unhealthy", "stopped")]
)
async def test_health_reports_the_worker_of_this_process(
    app: TestApp, runs: bool, status: str, worker: str
):
    web = create_app(app.app.deps, replace(app.app.web, worker_runs=lambda: runs))
    answer = await (await web.test_client().get("/health")).get_json()

    assert (answer["status"], answer["worker"], answer["degraded"]) == (status, worker, not runs)
