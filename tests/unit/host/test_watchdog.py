"""A plugin that blocks the event loop is named."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from pydantic import BaseModel

from paygate import Instrument, MethodContext, MethodInfo
from paygate.core.loop_blocks import LoopBlock
from paygate.plugins.guard import GuardedMethod
from paygate.plugins.isolation import contained, within
from paygate.plugins.watchdog import LoopWatchdog

BOUND_S = 0.1
BLOCKS_S = 0.6
DEADLINE = timedelta(seconds=5)


class Bank:
    """A plugin whose calls block the thread, or only take long."""

    async def authorize(self) -> str:
        await asyncio.sleep(0)
        time.sleep(BLOCKS_S)  # noqa: ASYNC251 - the mistake
        return "approved"

    def verify(self) -> str:
        time.sleep(BLOCKS_S)
        return "verified"

    async def wait(self) -> str:
        await asyncio.sleep(BLOCKS_S)
        return "approved"

    async def calculate(self) -> str:
        end_s = time.perf_counter() + BLOCKS_S
        while time.perf_counter() < end_s:
            await asyncio.sleep(0)
        return "approved"


class SlowMethod:
    info = MethodInfo("coin", "Coin", frozenset({"toss"}), BaseModel, "invalid_coin")

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        time.sleep(BLOCKS_S)
        return Instrument("coin", "toss", display={})


class Reports:
    def __init__(self) -> None:
        self.seen: list[LoopBlock] = []
        self.came = asyncio.Event()

    def __call__(self, block: LoopBlock) -> None:
        self.seen.append(block)
        self.came.set()

    async def first(self) -> LoopBlock:
        async with asyncio.timeout(10):
            await self.came.wait()
        return self.seen[0]


@pytest.fixture
async def reports() -> AsyncIterator[Reports]:
    reports = Reports()
    watchdog = LoopWatchdog(reports, bound_s=BOUND_S, every_s=0.01)
    yield reports
    watchdog.close()


async def test_a_coroutine_that_blocks_the_loop_is_named(
    reports: Reports, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        answer = await within(DEADLINE, Bank().authorize, plugin="bank")
        block = await reports.first()

    assert answer == "approved"
    assert (block.plugin, block.call) == ("bank", "Bank.authorize")
    assert block.place.startswith("test_watchdog.py:")
    assert block.seconds >= BOUND_S
    assert "plugin bank blocks the event loop: Bank.authorize" in caplog.text


async def test_a_plain_function_that_blocks_the_loop_is_named(reports: Reports):
    contained(Bank().verify, plugin="bank")
    block = await reports.first()

    assert (block.plugin, block.call) == ("bank", "Bank.verify")


async def test_a_method_that_blocks_the_loop_is_named(reports: Reports):
    method = SlowMethod()
    context: MethodContext = None  # type: ignore[assignment]  # it is not used
    GuardedMethod(method, method.info).prepare({}, context)
    block = await reports.first()

    assert (block.plugin, block.call) == ("coin", "SlowMethod.prepare")


@pytest.mark.parametrize("call", [Bank().wait, Bank().calculate])
async def test_a_call_that_only_takes_long_is_not_reported(
    reports: Reports, call: Callable[[], object]
):
    await within(DEADLINE, call, plugin="bank")  # type: ignore[arg-type]  # both are async
    await asyncio.sleep(0.05)

    assert reports.seen == []
