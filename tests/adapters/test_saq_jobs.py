"""The jobs that SAQ runs: one names a queue, and cron does the housekeeping."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis.asyncio

from paygate.adapters.notifier import saq_jobs
from paygate.adapters.notifier.saq_jobs import SaqNotifier
from paygate.bootstrap import open_app
from paygate.core.queue.notifier import QUEUES, Jobs, Queue
from paygate.settings import read_settings
from tests.harness.databases import Databases

PATIENCE_S = 60.0


class Done:
    """Counts what was run."""

    def __init__(self) -> None:
        self.jobs: Counter[str] = Counter()
        self.changed = asyncio.Event()

    async def process(self, queue: Queue) -> None:
        self.add(queue)

    async def housekeeping(self) -> None:
        self.add("housekeeping")

    def add(self, name: str) -> None:
        self.jobs[name] += 1
        self.changed.set()

    async def until(self, name: str, count: int = 1, within_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(within_s):
            while self.jobs[name] < count:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def url(redis_url: str) -> AsyncIterator[str]:
    """Provide a database of Redis that nothing else uses."""
    apart = redis_url.replace("db=0", "db=7") if "db=0" in redis_url else _with_database(redis_url)
    admin = redis.asyncio.Redis.from_url(apart)
    await admin.flushdb()
    yield apart
    await admin.flushdb()
    await admin.aclose()


def _with_database(redis_url: str) -> str:
    if urlsplit(redis_url).scheme == "unix":
        return f"{redis_url}?db=7"
    return redis_url.rpartition("/")[0] + "/7"


@asynccontextmanager
async def listening(url: str, done: Done, gateway: str = "") -> AsyncIterator[SaqNotifier]:
    notifier = SaqNotifier(url, gateway=gateway)
    task = asyncio.create_task(notifier.listen(Jobs(QUEUES, done.process, done.housekeeping)))
    try:
        yield notifier
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await notifier.close()


@pytest.mark.parametrize("queue", QUEUES)
async def test_a_job_processes_the_queue_that_it_names(url: str, queue: Queue):
    done = Done()
    async with listening(url, done) as notifier:
        notifier.notify(queue, "row_1")
        await done.until(queue)

    assert set(done.jobs) <= {queue, "housekeeping"}


async def test_a_job_from_before_the_start_of_the_worker_is_run(url: str):
    done, notifier = Done(), SaqNotifier(url)
    notifier.notify("refunds", "row_1")
    await notifier.close()
    async with listening(url, done):
        await done.until("refunds")


async def test_a_job_is_not_taken_by_a_worker_of_another_gateway(url: str):
    ours, theirs = Done(), Done()
    async with listening(url, ours, "one") as notifier, listening(url, theirs, "other"):
        for count in range(1, 11):
            notifier.notify("payments", f"row_{count}")
            await ours.until("payments", count)

    assert theirs.jobs["payments"] == 0


async def test_each_database_has_queues_of_its_own(
    url: str, databases: Databases, database_url: str, tmp_path: Path
):
    other_url = await databases.clone()
    for each in (database_url, other_url):
        given = {"DATABASE_URL": each, "REDIS_URL": url, "PAYGATE_HOME": str(tmp_path)}
        async with open_app(read_settings(given), given):
            # It has asked Redis whether it takes jobs.
            pass
    admin = redis.asyncio.Redis.from_url(url)
    names = {key.split(b":")[2] async for key in admin.scan_iter("saq:job:*")}
    await admin.aclose()
    await databases.drop(other_url)

    assert len(names) == 2
    assert all(re.fullmatch(rb"paygate-[0-9a-f]{8}-payments", name) for name in names)


async def test_cron_does_the_housekeeping_once_for_all_workers(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    # Every three seconds instead of each minute.
    monkeypatch.setattr(saq_jobs, "EVERY_MINUTE", "* * * * * */3")
    done = Done()
    async with listening(url, done), listening(url, done):
        # Each worker once when it begins, then one of them.
        await done.until("housekeeping", 3)
        with pytest.raises(TimeoutError):
            await done.until("housekeeping", 4, within_s=1)

    assert done.jobs["housekeeping"] == 3


async def test_housekeeping_continues_while_redis_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(saq_jobs, "HOUSEKEEPING_OVERDUE_S", 0.0)
    done = Done()
    async with listening("redis://localhost:9/0", done):
        await done.until("housekeeping", 2)
