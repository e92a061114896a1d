"""A processor that does not respond: its payments wait and none fails."""

from __future__ import annotations

import asyncio
from typing import Any

from paygate import Unknown
from paygate.core.limits import PROCESSOR_FAILURES_MAX
from tests.harness.apps import PATIENCE_S, TestApp
from tests.harness.fakes import Fakes, not_sent


async def breaker_of(app: TestApp, processor: str = "scripted") -> dict[str, Any]:
    plugins = (await app.call("GET", "/plugins")).json["data"]
    offers = [each for plugin in plugins for each in plugin["offers"]["processors"]]
    return next(each for each in offers if each["id"] == processor)


async def until_breaker(app: TestApp, state: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while (found := await breaker_of(app))["breaker"] != state:
            await asyncio.sleep(0.02)
    return found


async def test_an_open_breaker_is_shown_and_closes_when_the_processor_responds(
    app: TestApp, fakes: Fakes
):
    def is_down(_payment_id: str) -> None:
        raise not_sent()

    fakes.processor.before_answer = is_down
    payments = [await app.paid() for _ in range(PROCESSOR_FAILURES_MAX)]
    async with app.working():
        opened = await until_breaker(app, "open")
        workers = (await app.call("GET", "/workers")).json["workers"]
        fakes.processor.before_answer = None
        for payment in payments:
            await app.until(payment, "success")
        await until_breaker(app, "closed")

    assert opened["breaker_reason"] == "the line is down"
    assert [
        (each["processor"], each["state"]) for worker in workers for each in worker["breakers"]
    ] == [("scripted", "open")]


async def test_payments_of_an_open_breaker_are_not_sent_and_do_not_fail(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Unknown("lost")] * PROCESSOR_FAILURES_MAX
    fakes.processor.queries = [Unknown("lost")] * 200
    for _ in range(PROCESSOR_FAILURES_MAX):
        await app.paid()
    async with app.working():
        await until_breaker(app, "open")
        calls = len(fakes.processor.calls)
        waiting = [await app.paid() for _ in range(10)]
        while_open = len(fakes.processor.calls) - calls
        statuses = {(await app.payment(each))["substatus"] for each in waiting}
        fakes.processor.queries = []
        for each in waiting:
            await app.until(each, "success")

    # The pause is a second; meanwhile at most one call was let through.
    assert while_open <= 1
    assert statuses <= {"pending", "processing"}
