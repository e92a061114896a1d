"""The test timetable of deliveries, in real time, while workers are killed.

Three merchants share the minute: one whose receiver fails twice, one whose receiver
fails for ever, one whose receiver thinks so long that the worker dies meanwhile.

Meanwhile another gateway gets random requests: that takes as long, and the minute
is mostly spent waiting.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from tests.conformance.receivers.programs import Program, sample
from tests.harness.databases import Databases
from tests.harness.processes import Client, Stack, stack

TOLERANCE_S = 1.0
SECRET = "whsec_test_abc123"
GIVEN_UP_WITHIN_S = 60.0
# Long enough for a sixth try by a worker that looks at every row as it starts.
QUIET_S = 5.0
# Moments of the minute, between tries of the failing ones.
SLOW_SENT_S, FIRST_KILL_S, FIRST_RETURN_S = 6.0, 7.5, 9.0
SECOND_KILL_S, SECOND_RETURN_S = 32.0, 35.0

ADD_MERCHANT = """
INSERT INTO merchants (id, name, email, api_key, api_secret, webhook_url, webhook_secret,
    is_active, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, true, now(), now())
"""


@dataclass
class Merchant:
    """One of three, with a receiver of its own."""

    name: str
    receiver: Program

    @property
    def keys(self) -> dict[str, str]:
        return {"X-Api-Key": f"key_{self.name}", "X-Api-Secret": f"secret_{self.name}"}

    async def settle(self, database: asyncpg.Connection, ordinal: int) -> None:
        """Insert a delivery with SQL."""
        digest = hashlib.sha256(self.keys["X-Api-Secret"].encode()).hexdigest()
        await database.execute(
            ADD_MERCHANT,
            UUID(int=ordinal),
            self.name,
            f"{self.name}@example.com",
            self.keys["X-Api-Key"],
            digest,
            self.receiver.url,
            SECRET,
        )

    async def send(self, client: Client) -> None:
        status, answer = await client.call("POST", "/api/v1/webhooks/test", headers=self.keys)
        assert status == 200, answer

    async def row(self, client: Client) -> Any:
        """Return its only delivery, as the API shows it."""
        _, page = await client.call("GET", "/api/v1/webhooks?limit=10&offset=0", headers=self.keys)
        (row,) = page["data"]
        return row


@dataclass(frozen=True)
class Seen:
    """The result of one merchant's delivery."""

    row: Any
    logs: list[Any]
    """The receiver's, the oldest first."""

    @property
    def at_s(self) -> list[float]:
        """When each try arrived, counted from the first."""
        times = [datetime.fromisoformat(log["receivedAt"]) for log in self.logs]
        return [(at - times[0]).total_seconds() for at in times]

    @property
    def waits_s(self) -> list[float]:
        """How long after the one before it each try arrived. A try is late by itself only."""
        return [later - earlier for earlier, later in pairwise(self.at_s)]


@dataclass
class Minute:
    """The minute: three merchants on one stack, and a worker that is killed."""

    gateway: Stack
    client: Client
    merchants: dict[str, Merchant]
    began_s: float = 0.0

    async def pass_by(self) -> dict[str, Seen]:
        twice, always, slow = (self.merchants[name] for name in ("twice", "always", "slow"))
        await self.gateway.start("work")
        await asyncio.gather(twice.send(self.client), always.send(self.client))
        await self._first_tries()
        await self._until(SLOW_SENT_S)
        await slow.send(self.client)
        await self._kill_worker(FIRST_KILL_S, FIRST_RETURN_S)
        await self._kill_worker(SECOND_KILL_S, SECOND_RETURN_S)
        await self._given_up(always)
        now_s = self._now_s()
        await self._kill_worker(now_s, now_s)
        await asyncio.sleep(QUIET_S)
        return {name: await self._seen(each) for name, each in self.merchants.items()}

    async def _first_tries(self) -> None:
        async with asyncio.timeout(60):
            while not all(
                [await self.merchants[name].receiver.read() for name in ("twice", "always")]
            ):
                await asyncio.sleep(0.02)
        self.began_s = asyncio.get_running_loop().time()

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time() - self.began_s

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - self._now_s()))

    async def _kill_worker(self, at_s: float, return_s: float) -> None:
        await self._until(at_s)
        worker = self.gateway.processes[-1]
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        await self._until(return_s)
        await self.gateway.start("work")

    async def _given_up(self, merchant: Merchant) -> None:
        async with asyncio.timeout(GIVEN_UP_WITHIN_S):
            while (await merchant.row(self.client))["status"] == "pending":
                await asyncio.sleep(0.1)

    async def _seen(self, merchant: Merchant) -> Seen:
        logs = await merchant.receiver.read()
        return Seen(await merchant.row(self.client), logs[::-1])


async def live_through(url: str, redis_url: str, home: Path) -> dict[str, Seen]:
    environ = {"TEST_MODE": "true", "WEBHOOK_RETRY_INTERVALS_TEST": "true"}
    async with AsyncExitStack() as opened:
        programs = {
            "twice": await opened.enter_async_context(sample(FAIL_FIRST_N="2")),
            "always": await opened.enter_async_context(sample("--fail-first", "1000")),
            "slow": await opened.enter_async_context(sample("--delay", "3")),
        }
        merchants = {name: Merchant(name, program) for name, program in programs.items()}
        database = await asyncpg.connect(url)
        for ordinal, merchant in enumerate(merchants.values(), start=1):
            await merchant.settle(database, ordinal)
        await database.close()
        gateway = await opened.enter_async_context(stack(url, redis_url, home, environ))
        return await Minute(gateway, await gateway.serve(), merchants).pass_by()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def minute(
    databases: Databases, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[asyncio.Task[dict[str, Seen]]]:
    """Run the minute once, during the first test; each test checks a part of the result."""
    url = await databases.clone()
    passing = asyncio.create_task(live_through(url, redis_url, tmp_path_factory.mktemp("minute")))
    yield passing
    passing.cancel()
    await asyncio.gather(passing, return_exceptions=True)
    await databases.drop(url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seen(minute: asyncio.Task[dict[str, Seen]]) -> dict[str, Seen]:
    return await minute


def test_a_webhook_is_retried_after_5_and_15_seconds(seen: dict[str, Seen]):
    twice = seen["twice"]

    assert [log["answered"] for log in twice.logs] == [503, 503, 200]
    assert twice.waits_s == pytest.approx([5, 10], abs=TOLERANCE_S)
    assert (twice.row["status"], twice.row["attempts"]) == ("success", 3)
    assert (twice.row["response_code"], twice.row["response_body"]) == (200, "OK")
    assert twice.row["next_retry_at"] is None


def test_a_failing_webhook_is_attempted_at_0_5_15_30_and_50_seconds(
    seen: dict[str, Seen],
):
    always = seen["always"]

    assert [log["answered"] for log in always.logs] == [503] * 5
    assert always.waits_s == pytest.approx([5, 10, 15, 20], abs=TOLERANCE_S)
    assert (always.row["status"], always.row["attempts"]) == ("failed", 5)
    assert always.row["response_code"] == 503
    assert always.row["next_retry_at"] is None


@pytest.mark.parametrize("name", ["twice", "always"])
def test_no_attempt_is_made_early(seen: dict[str, Seen], name: str):
    waits_s = zip(seen[name].waits_s, (5, 10, 15, 20), strict=False)

    # The receiver's clock and the database's are one machine's; milliseconds are rounded.
    assert all(waited_s >= wait_s - 0.01 for waited_s, wait_s in waits_s)


@pytest.mark.parametrize("name", ["twice", "always", "slow"])
def test_every_attempt_has_the_same_id_and_a_valid_signature(seen: dict[str, Seen], name: str):
    logs = seen[name].logs

    assert all(log["valid"] for log in logs)
    assert len({log["webhookId"] for log in logs}) == 1
    assert len({str(log["body"]) for log in logs}) == 1


def test_deliveries_of_a_killed_worker_are_repeated_with_the_same_id(
    seen: dict[str, Seen],
):
    slow = seen["slow"]

    assert [log["duplicate"] for log in slow.logs] == [False, True]
    # Freed when the killed worker has been silent for ten seconds, or its lease ends.
    assert 3 < slow.at_s[1] < 18
    assert (slow.row["status"], slow.row["attempts"]) == ("success", 1)
