"""A Redis that responds to PING and refuses commands only delays payments."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from paygate.adapters.embedded import start_servers
from paygate.adapters.notifier.saq_jobs import BACKOFF_MIN_S, JOBS_MAX, SaqNotifier
from paygate.core.queue.notifier import QUEUES, Jobs
from tests.harness.apps import TestApp, running_app
from tests.harness.fakes import Fakes
from tests.harness.patience import PATIENCE_S

REFUSALS = {
    # A replica of a primary that is not there: it answers, and takes no writes.
    "read-only": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "full": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "forbidden": ("ACL SETUSER default -blmove -evalsha -eval", "ACL SETUSER default +@all"),
}

AGAIN = "redis: notifications arrive again"


@pytest.fixture
def own_redis(server_home: Path) -> Iterator[str]:
    with start_servers(server_home, durable=False) as servers:
        yield servers.urls.redis_url


def say(url: str, command: str) -> None:
    client = redis.Redis.from_url(url)
    client.execute_command(*command.split())
    client.close()


async def until_redis_is(app: TestApp, word: str) -> None:
    async with asyncio.timeout(60):
        while (await app.call("GET", "/health")).json["redis"] != word:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("kind", REFUSALS)
async def test_payments_settle_and_health_reports_the_refusing_redis(
    kind: str,
    own_redis: str,
    database_url: str,
    tmp_path: Path,
    fakes: Fakes,
    caplog: pytest.LogCaptureFixture,
):
    refuse, accept = REFUSALS[kind]
    say(own_redis, refuse)
    caplog.set_level(logging.WARNING)
    notifier = SaqNotifier(own_redis)
    async with (
        running_app(database_url, tmp_path, plugins=fakes.found(), notifier=notifier) as app,
        app.working(),
    ):
        payment_id = await app.paid()
        await app.until(payment_id, "success")
        await until_redis_is(app, "refusing")
        say(own_redis, accept)
        await until_redis_is(app, "connected")
    await notifier.close()

    assert "responds to PING and refuses the queue" in caplog.text


async def nothing(*_about: str) -> None:
    """Do nothing."""


async def test_a_refusing_redis_is_retried_after_growing_pauses(
    own_redis: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    say(own_redis, REFUSALS["read-only"][0])
    notifier, began_s = SaqNotifier(own_redis), time.monotonic()
    listening = asyncio.create_task(notifier.listen(Jobs(QUEUES, nothing, nothing)))
    admin = redis.Redis.from_url(own_redis)
    # Each queue's jobs and the housekeeping ask once before they wait again.
    once = JOBS_MAX * len(QUEUES) + 1
    try:
        async with asyncio.timeout(PATIENCE_S):
            while (asked := calls(admin, "blmove")) < 4 * once:
                await asyncio.sleep(0.02)
        took_s = time.monotonic() - began_s
        assert AGAIN not in caplog.text
        say(own_redis, REFUSALS["read-only"][1])
        async with asyncio.timeout(PATIENCE_S):
            while AGAIN not in caplog.text:
                await asyncio.sleep(0.05)
            pings = calls(admin, "ping")
            while calls(admin, "ping") < pings + 2:
                await asyncio.sleep(0.05)
        assert caplog.text.count(AGAIN) == 1
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await notifier.close()
        admin.close()

    pauses = asked // once - 1
    assert took_s > BACKOFF_MIN_S * (2**pauses - 1)


def calls(admin: redis.Redis, command: str) -> int:
    """Return how often a command was sent, executed or refused."""
    stats = admin.info("commandstats").get(f"cmdstat_{command}", {})
    return int(stats.get("calls", 0)) + int(stats.get("rejected_calls", 0))
