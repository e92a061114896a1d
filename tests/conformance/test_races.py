"""Fifty rounds of everything that two clients may do at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.harness.apps import Answer, TestApp

ROUNDS = range(50)


async def test_thirty_creates_with_one_key_make_one_payment(app: TestApp):
    for number in ROUNDS:
        order_id = await app.order()
        body = {"order_id": order_id, "method": "coin"}

        async def create(body: Any = body, key: str = f"round-{number}") -> Answer:
            headers = {"Idempotency-Key": key}
            return await app.call("POST", "/payments", json=body, headers=headers)

        answers = await asyncio.gather(*(create() for _ in range(30)))

        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == 1
        assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 29
    assert await app.value("SELECT count(*) FROM payments") == len(ROUNDS)
    assert await app.value("SELECT count(*) FROM operations") == len(ROUNDS)


async def test_of_four_refunds_of_sixty_percent_one_succeeds(app: TestApp):
    async with app.working():
        payments = [await app.paid() for _ in ROUNDS]
        for payment_id in payments:
            await app.until(payment_id, "success")
        for payment_id in payments:
            asked = [
                app.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 30_000})
                for _ in range(4)
            ]
            answers = await asyncio.gather(*asked)
            assert sorted(answer.status for answer in answers) == [201, 400, 400, 400]
        await app.until_value(
            len(ROUNDS), "SELECT count(*) FROM refunds WHERE status = 'processed'"
        )

    wrong = "SELECT count(*) FROM payments WHERE amount_refunded <> 30000"
    assert await app.value(wrong) == 0
    assert await app.value("SELECT count(*) FROM refunds") == len(ROUNDS)


async def test_of_ten_payments_of_an_order_one_is_created(app: TestApp):
    for _ in ROUNDS:
        order_id = await app.order()
        answers = await asyncio.gather(*(app.pay(order_id) for _ in range(10)))

        assert sorted(answer.status for answer in answers) == [201] + [400] * 9
        sentences = {
            answer.json["error"]["description"] for answer in answers if answer.status == 400
        }
        assert sentences == {"Payment already in progress for this order"}
    assert await app.value("SELECT count(*) FROM payments") == len(ROUNDS)


async def test_of_two_captures_one_is_confirmed(app: TestApp):
    async with app.working():
        payments = [await app.paid() for _ in ROUNDS]
        for payment_id in payments:
            await app.until(payment_id, "success")
            asked = [app.call("POST", f"/payments/{payment_id}/capture") for _ in range(4)]
            answers = await asyncio.gather(*asked)
            assert sorted(answer.status for answer in answers) == [200, 400, 400, 400]


@pytest.mark.parametrize("pair", [("capture", "capture"), ("cancel", "cancel")])
async def test_an_authorization_is_captured_or_voided_once(app: TestApp, pair: tuple[str, str]):
    async with app.working():
        for _ in ROUNDS:
            payment_id = await app.paid(order_id=await app.order(capture="manual"))
            await app.until(payment_id, "authorized")
            asked = [app.call("POST", f"/payments/{payment_id}/{act}") for act in pair * 2]
            answers = await asyncio.gather(*asked)
            assert sorted(answer.status for answer in answers) == [200, 400, 400, 400]
    assert await app.value("SELECT count(*) FROM operations WHERE kind <> 'charge'") == len(ROUNDS)
