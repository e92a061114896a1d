"""One clock for two APIs and two workers, killed ones included."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import web

from tests.harness.processes import Client, Stack, free_port, stack

CLOCK = "/api/v1/test/clock"
HOUR_S, DAY_S = 3600, 86_400
# Than the hours and days that pass on the clock. How long it really takes is for
# `bench/story.py` measures that; here other tests use the machine too.
MUCH_LESS_S = 30.0
PRODUCTION = {"TEST_MODE": "false", "WEBHOOK_RETRY_INTERVALS_TEST": "false"}
LISTENING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name LIKE 'paygate clock %'"
)


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(database_url, redis_url, tmp_path, PRODUCTION) as running:
        yield running


async def rows(processes: Stack, sql: str) -> list[Any]:
    connection = await asyncpg.connect(processes.database_url)
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


async def until(processes: Stack, wanted: int, sql: str) -> None:
    async with asyncio.timeout(60):
        while (await rows(processes, sql))[0][0] != wanted:
            await asyncio.sleep(0.02)


async def two_of_each(processes: Stack) -> tuple[Client, Client]:
    first, second = await processes.serve("--prepare"), await processes.serve()
    await processes.start("work")
    await processes.start("work")
    await until(processes, 2, "SELECT count(*) FROM workers")
    await until(processes, 4, LISTENING)
    return first, second


async def moved(client: Client, what: str, **body: object) -> Any:
    status, answer = await client.call("POST", f"{CLOCK}/{what}", json=body)
    assert status == 200, answer
    return answer


async def shown(client: Client) -> Any:
    return (await client.call("GET", CLOCK))[1]


async def receiver_at(client: Client, url: str) -> None:
    status, answer = await client.call(
        "PATCH", "/api/v1/merchant/webhook", json={"webhook_url": url}
    )
    assert status == 200, answer


async def test_a_clock_move_is_visible_in_every_process_before_the_response(processes: Stack):
    first, second = await two_of_each(processes)
    for minute in range(10):
        at = f"2027-01-01T00:{minute:02d}:00.000Z"
        mover, other = (first, second) if minute % 2 else (second, first)
        await moved(mover, "set", at=at)

        assert await shown(other) == {"now": at, "held": True, "shift_seconds": 0}
    await moved(first, "release")
    assert (await shown(second))["held"] is False


async def test_the_clock_runs_in_every_process_after_an_advance(processes: Stack):
    first, second = await two_of_each(processes)
    real = datetime.now(UTC)
    began = await moved(first, "advance", seconds=DAY_S)
    await second.pay()
    one, other = [datetime.fromisoformat((await shown(each))["now"]) for each in (first, second)]
    decided = "SELECT count(*) FROM payments WHERE status IN ('success', 'failed')"
    await until(processes, 1, decided)
    (row,) = await rows(processes, "SELECT created_at, updated_at FROM payments")

    assert began["held"] is False
    assert datetime.fromisoformat(began["now"]) - real >= timedelta(days=1)
    assert abs(other - one) < timedelta(seconds=5)
    assert row["created_at"] - real >= timedelta(days=1)
    assert 5 <= (row["updated_at"] - row["created_at"]).total_seconds() <= MUCH_LESS_S


async def test_a_failing_webhook_fails_finally_within_one_advance(processes: Stack):
    first, second = await two_of_each(processes)
    await receiver_at(first, f"http://127.0.0.1:{free_port()}/nobody-listens")
    await first.call("POST", "/api/v1/webhooks/test", json={})
    began = time.monotonic()
    advanced = await moved(second, "advance", seconds=3 * HOUR_S)
    took_s = time.monotonic() - began

    _, log = await first.call("GET", "/api/v1/webhooks")
    attempts = await rows(processes, "SELECT finished_at AS at FROM delivery_attempts ORDER BY id")
    since_first = [(row["at"] - attempts[0]["at"]).total_seconds() for row in attempts]
    (delivery,) = log["data"]
    assert (advanced["idle"], advanced["steps"]) == (True, 4)
    assert (delivery["status"], delivery["attempts"]) == ("failed", 5)
    assert since_first == [0, 60, 360, 2160, 9360]
    assert took_s < MUCH_LESS_S


async def test_payments_that_take_five_to_ten_seconds_are_settled_by_an_advance_of_ten(
    processes: Stack,
):
    first, second = await two_of_each(processes)
    payments = [await client.pay() for client in (first, second) for _ in range(10)]
    began = time.monotonic()
    advanced = await moved(first, "advance", seconds=10)
    took_s = time.monotonic() - began

    found = await rows(processes, "SELECT updated_at - created_at AS took, status FROM payments")
    assert len(payments) == len(found) == 20
    assert advanced["idle"]
    assert {row["status"] for row in found} <= {"success", "failed"}
    # Until the first worker asks, time is real.
    assert all(5 <= row["took"].total_seconds() < 10 + MUCH_LESS_S for row in found)
    assert took_s < MUCH_LESS_S


async def test_an_advance_of_three_days_applies_in_all_processes(processes: Stack):
    first, _ = await two_of_each(processes)
    await receiver_at(first, f"http://127.0.0.1:{free_port()}/nobody-listens")
    await first.pay()
    began = time.monotonic()
    advanced = await moved(first, "advance", seconds=3 * DAY_S)
    took_s = time.monotonic() - began

    ends = await rows(processes, "SELECT status, attempts FROM webhook_logs")
    assert advanced["idle"]
    assert [tuple(row) for row in ends] == [("failed", 5)] * 3
    assert advanced["steps"] >= 9
    assert took_s < MUCH_LESS_S, f"{took_s:.3f} s for {advanced['steps']} steps"


async def test_an_idempotency_key_expires_in_every_process_after_a_day(processes: Stack):
    first, second = await two_of_each(processes)

    async def order(client: Client) -> str:
        headers = {"Idempotency-Key": "once"}
        path = "/api/v1/orders"
        return str(
            (await client.call("POST", path, json={"amount": 500}, headers=headers))[1]["id"]
        )

    made = await order(first)
    again = await order(second)
    await moved(first, "advance", seconds=DAY_S)
    anew = await order(second)

    assert made == again != anew


async def test_concurrent_advances_add_up(processes: Stack):
    first, second = await two_of_each(processes)
    await moved(first, "set", at="2027-01-01T00:00:00Z")
    answers = await asyncio.gather(
        *(moved(client, "advance", seconds=60) for client in (first, second) for _ in range(5))
    )

    minutes = sorted(answer["now"][14:16] for answer in answers)
    assert minutes == [f"{minute:02d}" for minute in range(1, 11)]


async def test_a_worker_killed_during_an_advance_loses_nothing(
    processes: Stack,
):
    """The one that holds the rows dies while a receiver keeps it waiting."""
    first, second = await two_of_each(processes)
    asked, killed = asyncio.Event(), asyncio.Event()
    times: list[datetime] = []

    async def refuse_slowly(_: web.Request) -> web.Response:
        asked.set()
        await killed.wait()
        return web.Response(status=500)

    async with receiving(refuse_slowly) as url:
        await receiver_at(first, url)
        await first.call("POST", "/api/v1/webhooks/test", json={})
        advancing = asyncio.create_task(moved(first, "advance", seconds=3 * HOUR_S))
        watching = asyncio.create_task(_watch(second, times))
        await asyncio.wait_for(asked.wait(), MUCH_LESS_S)
        await _kill_the_one_at_work(processes)
        killed.set()
        # It arrives about when the dead worker is found out, and the rest may be done or not.
        await advancing
        watching.cancel()
        # What the dead worker held is freed and goes on from where time is now.
        await until(processes, 0, "SELECT count(*) FROM webhook_logs WHERE lease_token IS NOT NULL")
        later = [await moved(second, "advance", seconds=3 * HOUR_S, hold=True) for _ in range(2)]
    (row,) = await rows(processes, "SELECT status, attempts FROM webhook_logs")

    assert later[-1]["idle"]
    assert [pair for pair in pairwise(times) if pair[0] > pair[1]] == []
    assert tuple(row) == ("failed", 5)
    assert (await shown(first))["now"] == later[-1]["now"]


async def _watch(client: Client, times: list[datetime]) -> None:
    while True:
        times.append(datetime.fromisoformat((await shown(client))["now"]))


async def _kill_the_one_at_work(processes: Stack) -> None:
    (row,) = await rows(
        processes, "SELECT lease_owner FROM webhook_logs WHERE lease_token IS NOT NULL"
    )
    pid = int(row["lease_owner"].split(":")[1])
    (victim,) = [process for process in processes.processes if process.pid == pid]
    victim.kill()
    await victim.wait()


class receiving:  # noqa: N801 - reads as a statement: `async with receiving(…) as url:`
    """A merchant's server, and its address."""

    def __init__(self, answer: Any) -> None:
        app = web.Application()
        app.router.add_post("/hook", answer)
        self._runner = web.AppRunner(app)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        port = free_port()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{port}/hook"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def test_the_clock_runs_after_an_api_is_killed_during_an_advance(
    processes: Stack,
):
    first, second = await two_of_each(processes)
    asked, killed = asyncio.Event(), asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        asked.set()
        await killed.wait()
        return web.Response(status=500)

    async with receiving(hang) as url:
        await receiver_at(first, url)
        await first.call("POST", "/api/v1/webhooks/test", json={})
        advancing = asyncio.create_task(moved(first, "advance", seconds=60))
        await asyncio.wait_for(asked.wait(), MUCH_LESS_S)
        async with asyncio.timeout(MUCH_LESS_S):
            # A worker starts as soon as it is notified; the advance may begin later.
            while not (await shown(second))["held"]:
                await asyncio.sleep(0.02)
            processes.processes[0].kill()
            killed.set()
            while (left := await shown(second))["held"]:
                await asyncio.sleep(0.02)
        later = await shown(second)
        released = await moved(second, "release")
        await asyncio.gather(advancing, return_exceptions=True)

    assert later["now"] > left["now"]
    # It lost the time for which it was held, perhaps less than a millisecond, and gained none.
    assert left["shift_seconds"] <= 0
    assert (released["held"], released["shift_seconds"]) == (False, 0)


async def test_a_hanging_process_does_not_block_the_clock(processes: Stack):
    first, second = await two_of_each(processes)
    hanging = processes.processes[1]
    hanging.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    await moved(first, "set", at="2027-01-01T00:00:00Z")
    took_s = time.monotonic() - began
    hanging.send_signal(signal.SIGCONT)
    async with asyncio.timeout(MUCH_LESS_S):
        while not (await shown(second))["held"]:
            await asyncio.sleep(0.01)

    assert took_s < MUCH_LESS_S
