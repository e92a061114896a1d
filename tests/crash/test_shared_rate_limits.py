"""Processes share rate limits through Redis, and each has its own if Redis is unavailable."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from paygate.adapters.buckets.redis_buckets import RedisBuckets
from paygate.adapters.embedded import start_servers
from paygate.core.senders.rate_limits import RateLimit, RateLimiter, Spent, Wanted
from tests.harness.processes import Client, stack

SIGN_INS = 6
WRITES = 2
ENVIRON = {
    "TEST_MODE": "true",
    "PAYGATE_LIMIT_SIGN_INS": str(SIGN_INS),
    "PAYGATE_LIMIT_WRITES": str(WRITES),
}
# Of sixty seconds' tokens, one comes back in ten.
EXACT = RateLimit("sign-ins", SIGN_INS, 60, is_exact=True)
COUNTED = RateLimit("writes", 20, 10_000)


@pytest.fixture
def own_redis(server_home: Path) -> Iterator[str]:
    with start_servers(server_home, durable=False) as servers:
        yield servers.urls.redis_url


async def wrong_sign_in(client: Client) -> int:
    body = {"email": f"{uuid4()}@x.y", "password": "wrong"}
    return (await client.call("POST", "/api/v1/session", json=body))[0]


async def test_processes_share_a_limit_and_a_killed_redis_causes_no_error(
    own_redis: str, database_url: str, tmp_path: Path
):
    async with stack(database_url, own_redis, tmp_path, ENVIRON, logs=tmp_path) as running:
        clients = [await running.serve(), await running.serve()]
        began_s = time.monotonic()
        shared = Counter([await wrong_sign_in(clients[number % 2]) for number in range(14)])
        took_s = time.monotonic() - began_s
        redis.Redis.from_url(own_redis).shutdown(nosave=True)
        alone = [Counter([await wrong_sign_in(each) for _ in range(12)]) for each in clients]
        orders = [
            (await each.call("POST", "/api/v1/orders", json={"amount": 500}))[0] for each in clients
        ]

    assert set(shared) == {401, 429}
    # Of both together, and not of each: a token more comes back every ten seconds.
    assert SIGN_INS <= shared[401] <= SIGN_INS + took_s / 10 + 1
    assert all(set(each) <= {401, 429} and each[429] for each in alone)
    assert orders == [201, 201]


def buckets(url: str, gateway: str) -> RedisBuckets:
    return RedisBuckets(url, gateway=gateway)


async def test_an_exact_limit_is_kept_by_all_processes_together(redis_url: str):
    gateway = uuid4().hex
    limiters = [
        RateLimiter({"sign-ins": EXACT}, shared=buckets(redis_url, gateway)) for _ in range(3)
    ]
    wanted = [Wanted(EXACT, "203.0.113.9")]
    # The first request of a process opens its connection, which may take longer than it may wait.
    for limiter in limiters:
        assert limiter.shared is not None
        assert await limiter.shared.take([], timeout_s=10) == []
    decisions = [await limiters[number % 3].take(wanted) for number in range(15)]
    for limiter in limiters:
        await limiter.close()

    assert sum(each.is_allowed for each in decisions) == SIGN_INS


async def test_counted_requests_are_shared_with_other_processes(redis_url: str):
    gateway = uuid4().hex
    first, second = buckets(redis_url, gateway), buckets(redis_url, gateway)
    limiters = [RateLimiter({"writes": COUNTED}, shared=each) for each in (first, second)]
    wanted = [Wanted(COUNTED, "key")]
    for _ in range(20):
        assert (await limiters[0].take(wanted)).is_allowed
    async with asyncio.timeout(30):
        while (await limiters[1].take(wanted)).is_allowed:
            await asyncio.sleep(0.02)
    levels = await first.take([Spent(wanted[0], 0)], timeout_s=10)
    for limiter in limiters:
        await limiter.close()

    # What the second took before it knew is a debt.
    assert levels is not None
    assert -20 <= levels[0] < 0


async def test_without_redis_a_process_decides_at_once(tmp_path: Path):
    limiter = RateLimiter(
        {"sign-ins": EXACT}, shared=buckets(f"unix://{tmp_path}/none.sock", "gateway")
    )
    wanted = [Wanted(EXACT, "203.0.113.9")]
    decisions = [await limiter.take(wanted) for _ in range(10)]
    await limiter.close()

    assert [each.is_allowed for each in decisions] == [True] * SIGN_INS + [False] * 4


async def test_a_hanging_redis_delays_only_one_request(tmp_path: Path):
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await asyncio.start_unix_server(silent, tmp_path / "silent.sock")
    limiter = RateLimiter(
        {"sign-ins": EXACT}, shared=buckets(f"unix://{tmp_path}/silent.sock", "gateway")
    )
    wanted = [Wanted(EXACT, "203.0.113.9")]
    async with asyncio.timeout(1):
        decisions = [await limiter.take(wanted) for _ in range(10)]
    await limiter.close()
    server.close()

    assert [each.is_allowed for each in decisions] == [True] * SIGN_INS + [False] * 4
