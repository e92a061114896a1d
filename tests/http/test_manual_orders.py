"""Authorized payments that the merchant captures or voids."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from paygate import Approved, DeclineCode, Declined, Money, Pending, Unknown
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes

NO = Declined(DeclineCode.PROCESSING_ERROR)


async def held(app: TestApp, amount: int = 50_000) -> str:
    """Return a payment whose money is held. A worker must be running."""
    payment_id = await app.paid(order_id=await app.order(amount, capture="manual"))
    await app.until(payment_id, "authorized")
    return payment_id


async def capture(app: TestApp, payment_id: str, **body: Any) -> Any:
    return await app.call("POST", f"/payments/{payment_id}/capture", json=body)


async def cancel(app: TestApp, payment_id: str) -> Any:
    return await app.call("POST", f"/payments/{payment_id}/cancel")


async def events(app: TestApp, payment_id: str) -> list[str]:
    rows = await app.rows("SELECT type FROM events WHERE payment_id = $1 ORDER BY seq", payment_id)
    return [row["type"].removeprefix("payment.") for row in rows]


async def order_status(app: TestApp, payment_id: str) -> str:
    order_id = (await app.payment(payment_id))["order_id"]
    return str((await app.call("GET", f"/orders/{order_id}")).json["status"])


async def test_a_manual_order_only_holds_the_money(app: TestApp, fakes: Fakes):
    async with app.working():
        payment = await app.payment(await held(app))

    assert fakes.processor.takes == [False]
    assert (payment["status"], payment["captured"]) == ("authorized", False)
    assert (payment["amount_authorized"], payment["amount_captured"]) == (50_000, 0)
    assert await events(app, payment["id"]) == ["created", "pending", "authorized"]
    assert await order_status(app, payment["id"]) == "attempted"


async def test_an_automatic_order_is_sent_with_capture(app: TestApp, fakes: Fakes):
    async with app.working():
        await app.until(await app.paid(), "success")

    assert fakes.processor.takes == [True]


async def test_a_capture_without_amount_captures_the_whole_hold(app: TestApp, fakes: Fakes):
    async with app.working():
        payment_id = await held(app)
        answer = await capture(app, payment_id)
        after = await app.until(payment_id, "success")
        again = await capture(app, payment_id)

    assert (answer.status, answer.json["status"]) == (200, "authorized")
    assert answer.json["substatus"] == "capturing"
    assert (after["captured"], after["amount_captured"]) == (True, 50_000)
    assert (again.status, again.json["error"]["description"]) == (400, "Payment already captured")
    assert await events(app, payment_id) == ["created", "pending", "authorized", "success"]
    assert await order_status(app, payment_id) == "paid"
    asked = fakes.processor.follow_ups[0]
    charge = await app.value("SELECT id FROM operations WHERE kind = 'charge'")
    assert (asked.operation_id, asked.reference) == (charge, f"ref-{charge}")


async def test_a_part_is_captured_and_the_rest_released(app: TestApp):
    async with app.working():
        payment_id = await held(app)
        await capture(app, payment_id, amount=20_000)
        after = await app.until(payment_id, "success")
        too_much = await app.call(
            "POST", f"/payments/{payment_id}/refunds", json={"amount": 20_001}
        )

    assert (after["amount_captured"], after["amount_authorized"]) == (20_000, 50_000)
    assert too_much.status == 400


async def test_several_captures_are_allowed_until_nothing_is_held(app: TestApp, fakes: Fakes):
    async with app.working():
        payment_id = await held(app)
        for amount in (20_000, 10_000):
            await capture(app, payment_id, amount=amount, final=False)
            await app.until(payment_id, "authorized")
        over = await capture(app, payment_id, amount=20_001)
        await capture(app, payment_id, amount=20_000, final=False)
        after = await app.until(payment_id, "success")

    assert (over.status, over.json["error"]["description"]) == (
        400,
        "Capture amount exceeds authorized amount",
    )
    assert after["amount_captured"] == 50_000
    assert [asked.is_final for asked in fakes.processor.follow_ups] == [False] * 3
    assert (await events(app, payment_id))[2:] == ["authorized", "captured", "captured", "success"]


async def test_the_rest_after_a_part_can_be_cancelled(app: TestApp, fakes: Fakes):
    async with app.working():
        payment_id = await held(app)
        await capture(app, payment_id, amount=20_000, final=False)
        await app.until(payment_id, "authorized")
        await cancel(app, payment_id)
        after = await app.until(payment_id, "success")

    assert (after["amount_captured"], after["captured"]) == (20_000, True)
    assert fakes.processor.follow_ups[1].amount == Money(30_000, "INR")


async def test_a_cancelled_payment_frees_its_order(app: TestApp):
    async with app.working():
        payment_id = await held(app)
        answer = await cancel(app, payment_id)
        after = await app.until(payment_id, "cancelled")
        again = await cancel(app, payment_id)
        late = await capture(app, payment_id)
        second = await held_again(app, after["order_id"])

    assert (answer.status, answer.json["substatus"]) == (200, "voiding")
    assert (after["status"], after["captured"], after["amount_captured"]) == ("cancelled", False, 0)
    assert (again.status, again.json["error"]["description"]) == (
        400,
        "Payment not in cancellable state",
    )
    assert late.status == 400
    assert second["status"] == "authorized"
    assert (await events(app, payment_id))[-1] == "cancelled"


async def held_again(app: TestApp, order_id: str) -> Any:
    return await app.until(await app.paid(order_id=order_id), "authorized")


async def test_while_money_is_held_the_order_takes_no_other_payment(app: TestApp):
    async with app.working():
        payment_id = await held(app)
        second = await app.pay((await app.payment(payment_id))["order_id"])

    assert (second.status, second.json["error"]["description"]) == (
        400,
        "Payment already in progress for this order",
    )


@pytest.mark.parametrize("act", [capture, cancel])
async def test_a_declined_capture_or_void_keeps_the_hold(app: TestApp, fakes: Fakes, act: Any):
    fakes.processor.captures.append(NO)
    fakes.processor.voids.append(NO)
    async with app.working():
        payment_id = await held(app)
        assert (await act(app, payment_id)).status == 200
        await app.until_value(1, "SELECT count(*) FROM events WHERE type LIKE '%_failed'")
        after = await app.payment(payment_id)
        assert (await act(app, payment_id)).status == 200
        done = await app.until(payment_id, "success" if act is capture else "cancelled")

    assert (after["substatus"], after["amount_captured"]) == ("authorized", 0)
    assert done["status"] in {"success", "cancelled"}


async def test_an_unknown_capture_is_queried_and_never_repeated(app: TestApp, fakes: Fakes):
    fakes.processor.captures.append(Unknown("line cut"))
    fakes.processor.queries.append(Approved("cap-1", Money(50_000, "INR")))
    async with app.working():
        payment_id = await held(app)
        await capture(app, payment_id)
        after = await app.until(payment_id, "success")

    assert [name for name, _, _ in fakes.processor.calls] == ["authorize", "capture", "query"]
    assert after["amount_captured"] == 50_000


async def test_a_pending_capture_keeps_the_payment_capturing(app: TestApp, fakes: Fakes):
    from datetime import timedelta

    fakes.processor.captures.append(Pending(timedelta(seconds=30)))
    async with app.working():
        payment_id = await held(app)
        await capture(app, payment_id)
        await app.until_value("pending", "SELECT state FROM operations WHERE kind = 'capture'")
        second = await capture(app, payment_id)
        third = await cancel(app, payment_id)

    assert (await app.payment(payment_id))["substatus"] == "capturing"
    assert (second.status, third.status) == (400, 400)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": "all"}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"final": "yes"}, "final"),
        ({"final": 0}, "final"),
    ],
)
async def test_a_bad_capture_names_its_field(app: TestApp, body: Any, field: str):
    async with app.working():
        payment_id = await held(app)
        answer = await capture(app, payment_id, **body)

    assert (answer.status, answer.json["error"]["field"]) == (400, field)
    assert (await app.payment(payment_id))["substatus"] == "authorized"


@pytest.mark.parametrize("word", ["later", "", 1, True, {}])
async def test_an_order_is_captured_automatically_or_manually(app: TestApp, word: Any):
    answer = await app.call("POST", "/orders", json={"amount": 500, "capture": word})

    assert (answer.status, answer.json["error"]["field"]) == (400, "capture")


async def test_an_automatic_payment_cannot_be_cancelled(app: TestApp):
    async with app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")
        answer = await cancel(app, payment_id)

    assert answer.status == 400


async def test_of_capture_and_cancel_one_wins_in_fifty_rounds(app: TestApp, fakes: Fakes):
    async with app.working():
        payments = await asyncio.gather(*(held(app) for _ in range(50)))
        for number, payment_id in enumerate(payments):
            both = [capture(app, payment_id), cancel(app, payment_id)]
            answers = await asyncio.gather(*(both if number % 2 else both[::-1]))
            assert sorted(answer.status for answer in answers) == [200, 400]
        await app.until_value(
            0, "SELECT count(*) FROM payments WHERE status NOT IN ('success', 'cancelled')"
        )

    asked = [name for name, _, _ in fakes.processor.calls if name in {"capture", "void"}]
    assert len(asked) == 50
    wrong = await app.value(
        "SELECT count(*) FROM payments WHERE (status = 'success') <> (amount_captured = 50000)"
    )
    assert wrong == 0
