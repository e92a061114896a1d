"""``?wait=`` on reading and creating a payment: answers come with a next action or an outcome."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paygate.core.limits import PAYMENT_WAITS_MAX
from paygate.core.outcome import ActionRequired
from paygate.core.payments.model import Payment
from paygate.core.payments.waiting import PaymentWaits
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes

PATIENCE_S = 25
LONG = "?wait=30"


async def shown(app: TestApp, payment_id: str, query: str = LONG) -> Any:
    answer = await app.call("GET", f"/payments/{payment_id}{query}")
    assert answer.status == 200, answer
    return answer.json


async def is_waiting(*tasks: asyncio.Task[Any]) -> bool:
    """Let the tasks read the payment a few times; return whether none has ended."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    return not any(task.done() for task in tasks)


async def test_requests_wait_for_the_outcome(app: TestApp):
    payment_id = await app.paid()
    waiting = [asyncio.create_task(shown(app, payment_id)) for _ in range(5)]

    assert (await shown(app, payment_id, ""))["status"] == "pending"
    assert await is_waiting(*waiting)
    async with app.working():
        async with asyncio.timeout(PATIENCE_S):
            answers = await asyncio.gather(*waiting)
    assert [answer["status"] for answer in answers] == ["success"] * 5
    # There is nothing left to wait for.
    async with asyncio.timeout(PATIENCE_S):
        assert await shown(app, payment_id) == answers[0]


async def test_a_next_action_ends_the_wait(app: TestApp, fakes: Fakes):
    until = datetime.now(UTC) + timedelta(minutes=5)
    later = timedelta(minutes=1)
    fakes.processor.authorizations.append(ActionRequired("redirect", until, {}, later))
    payment_id = await app.paid()
    async with app.working(), asyncio.timeout(PATIENCE_S):
        payment = await shown(app, payment_id)

    assert payment["next_action"]["type"] == "redirect"
    assert payment["status"] == "pending"


async def test_after_the_wait_the_payment_is_shown_as_it_is(app: TestApp):
    payment_id = await app.paid()
    waiting = asyncio.create_task(shown(app, payment_id, "?wait=1"))

    assert await is_waiting(waiting)
    async with asyncio.timeout(PATIENCE_S):
        assert (await waiting)["status"] == "pending"


async def test_a_wait_ends_when_the_process_stops(own_app: TestApp):
    payment_id = await own_app.paid()
    waiting = asyncio.create_task(shown(own_app, payment_id))

    assert await is_waiting(waiting)
    own_app.app.deps.live.close()
    async with asyncio.timeout(PATIENCE_S):
        assert (await waiting)["status"] == "pending"


async def test_more_requests_than_may_wait_are_answered_at_once(app: TestApp):
    payment_id, waits = await app.paid(), PaymentWaits(lambda: False)

    async def read() -> Payment:
        payment = await app.app.storage.payments.get(payment_id)
        assert payment is not None
        return payment

    def wait(within_s: float) -> asyncio.Task[Payment]:
        return asyncio.create_task(waits.payment(read, within_s=within_s))

    waiting = [wait(30) for _ in range(PAYMENT_WAITS_MAX)]
    assert await is_waiting(*waiting)
    async with asyncio.timeout(PATIENCE_S):
        assert (await wait(30)).status == "pending"
    assert await is_waiting(*waiting)

    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    # Requests whose clients have left make room.
    again = wait(1)
    assert await is_waiting(again)
    await again


async def test_a_new_payment_is_answered_with_its_outcome(app: TestApp):
    order_id = await app.order()
    body = {"order_id": order_id, "method": "coin"}
    key = {"Idempotency-Key": "wait-1"}
    async with app.working(), asyncio.timeout(PATIENCE_S):
        created = await app.call("POST", f"/payments{LONG}", json=body, headers=key)
        # A client that got no response may repeat the request with another wait, or without.
        again = await app.call("POST", "/payments?wait=1", json=body, headers=key)
        stored = await app.call("POST", "/payments", json=body, headers=key)

    assert (created.status, created.json["status"]) == (201, "success")
    assert created.json == await shown(app, created.json["id"])
    assert (again.status, again.json) == (201, created.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (stored.json["id"], stored.json["status"]) == (created.json["id"], "pending")
    assert await app.value("SELECT count(*) FROM payments") == 1


async def test_a_wrong_wait_creates_no_payment(app: TestApp):
    body = {"order_id": await app.order(), "method": "coin"}

    answer = await app.call("POST", "/payments?wait=soon", json=body)

    assert (answer.status, answer.json["error"]["field"]) == (400, "wait")
    assert await app.value("SELECT count(*) FROM payments") == 0


@pytest.mark.parametrize("wait", ["-1", "31", "1.5", "x", "1e1"])
async def test_a_wait_that_is_no_number_of_seconds_is_refused(app: TestApp, wait: str):
    payment_id = await app.paid()
    answer = await app.call("GET", f"/payments/{payment_id}?wait={wait}")

    assert (answer.status, answer.json["error"]["field"]) == (400, "wait")


async def test_an_unknown_payment_is_reported_at_once(app: TestApp):
    async with asyncio.timeout(PATIENCE_S):
        answer = await app.call("GET", f"/payments/pay_0000000000000000{LONG}")

    assert answer.status == 404
