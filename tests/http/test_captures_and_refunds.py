"""Captures and refunds."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from paygate import DeclineCode, Declined, Unknown
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes


async def succeeded(app: TestApp) -> str:
    async with app.working():
        payment_id = await app.paid()
        await app.until(payment_id, "success")
    return payment_id


async def refund(app: TestApp, payment_id: str, amount: Any, **more: Any) -> Any:
    return await app.call(
        "POST", f"/payments/{payment_id}/refunds", json={"amount": amount, **more}
    )


async def test_a_payment_is_captured_once_with_or_without_a_body(app: TestApp):
    pending = await app.paid()
    too_early = await app.call("POST", f"/payments/{pending}/capture")
    async with app.working():
        await app.until(pending, "success")
    first = await app.call("POST", f"/payments/{pending}/capture")
    second = await app.call("POST", f"/payments/{pending}/capture", json={"amount": 50_000})

    assert (too_early.status, too_early.json["error"]["description"]) == (
        400,
        "Payment not in capturable state",
    )
    assert first.status == 200
    assert (first.json["status"], first.json["captured"]) == ("success", True)
    assert (second.status, second.json["error"]["description"]) == (
        400,
        "Payment already captured",
    )
    assert (await app.payment(pending))["captured"] is True


@pytest.mark.parametrize("amount", [1, 49_999, 50_001])
async def test_a_capture_of_another_amount_is_refused(app: TestApp, amount: int):
    payment_id = await succeeded(app)

    answer = await app.call("POST", f"/payments/{payment_id}/capture", json={"amount": amount})

    assert answer.status == 400
    assert (await app.payment(payment_id))["captured"] is False


async def test_of_ten_concurrent_captures_one_succeeds(app: TestApp):
    payment_id = await succeeded(app)

    answers = await asyncio.gather(
        *(app.call("POST", f"/payments/{payment_id}/capture") for _ in range(10))
    )

    assert sorted(answer.status for answer in answers) == [200] + [400] * 9


async def test_a_refund_is_pending_and_then_processed(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    payment_id = await succeeded(app)
    created = await refund(app, payment_id, 20_000, reason="Customer requested ₹")
    async with app.working():
        await app.until_value("processed", "SELECT status FROM refunds")
        await app.until_value(5, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")
    read = await app.call("GET", f"/refunds/{created.json['id']}")

    assert created.status == 201
    assert re.fullmatch(r"rfnd_[A-Za-z0-9]{16}", created.json["id"])
    assert created.json == {
        "id": created.json["id"],
        "payment_id": payment_id,
        "amount": 20_000,
        "reason": "Customer requested ₹",
        "status": "pending",
        "created_at": created.json["created_at"],
    }
    assert read.json["status"] == "processed"
    assert read.json["processed_at"] is not None
    assert (await app.payment(payment_id))["amount_refunded"] == 20_000
    assert (await app.payment(payment_id))["status"] == "success"
    assert fakes.sink.types[-2:] == ["refund.created", "refund.processed"]
    data = json.loads(fakes.sink.delivered[-1].body)["data"]
    assert data["refund"]["id"] == data["refund_id"] == created.json["id"]
    assert data["refund"]["status"] == "processed"


async def test_a_refund_has_the_notes_of_its_merchant(app: TestApp):
    payment_id = await succeeded(app)
    notes = {"ticket": 7, "by": "Asha ₹"}
    noted = await refund(app, payment_id, 100, notes=notes)
    body = {"payment_id": payment_id, "amount": 100, "notes": notes}
    named = await app.call("POST", "/refunds", json=body)
    plain = await refund(app, payment_id, 100, notes={})
    refused = await refund(app, payment_id, 100, notes="ticket 7")

    async def shown(answer: Any) -> Any:
        return (await app.call("GET", f"/refunds/{answer.json['id']}")).json

    async with app.working():
        await app.until_value(3, "SELECT count(*) FROM refunds WHERE status = 'processed'")
    assert (await shown(noted))["notes"] == notes
    assert (await shown(named))["notes"] == notes
    assert "notes" not in await shown(plain)
    assert (refused.status, refused.json["error"]["field"]) == (400, "notes")


async def test_partial_refunds_cannot_exceed_the_payment(app: TestApp):
    payment_id = await succeeded(app)

    answers = [await refund(app, payment_id, amount) for amount in (20_000, 30_001, 30_000, 1)]

    assert [answer.status for answer in answers] == [201, 400, 201, 400]
    assert answers[1].json["error"]["description"] == "Refund amount exceeds available amount"
    async with app.working():
        await app.until_value(2, "SELECT count(*) FROM refunds WHERE status = 'processed'")
    assert (await app.payment(payment_id))["amount_refunded"] == 50_000


@pytest.mark.parametrize("round_", range(5))
async def test_of_four_concurrent_refunds_of_60_percent_one_succeeds(app: TestApp, round_: int):
    payment_id = await succeeded(app)

    answers = await asyncio.gather(*(refund(app, payment_id, 30_000) for _ in range(4)))

    assert sorted(answer.status for answer in answers) == [201, 400, 400, 400]
    assert (await app.payment(payment_id))["amount_refunded"] == 30_000


async def test_of_fifty_concurrent_refunds_of_30_percent_three_succeed(app: TestApp):
    payment_id = await succeeded(app)

    answers = await asyncio.gather(*(refund(app, payment_id, 15_000) for _ in range(50)))

    assert sorted(answer.status for answer in answers) == [201] * 3 + [400] * 47


async def test_a_declined_refund_makes_its_amount_refundable_again(app: TestApp, fakes: Fakes):
    fakes.processor.refunds = [Declined(DeclineCode.BLOCKED_INSTRUMENT)]
    payment_id = await succeeded(app)
    first = await refund(app, payment_id, 50_000)
    async with app.working():
        await app.until_value("failed", "SELECT status FROM refunds")
    second = await refund(app, payment_id, 50_000)

    assert (first.status, second.status) == (201, 201)
    events = await app.rows("SELECT type, seq FROM events ORDER BY seq")
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event["type"] for event in events][3:] == [
        "refund.created",
        "refund.failed",
        "refund.created",
    ]


async def test_a_refund_names_its_charge_and_has_an_id_of_its_own(app: TestApp, fakes: Fakes):
    payment_id = await succeeded(app)
    charge = await app.value("SELECT id FROM operations")
    await refund(app, payment_id, 10_000)
    async with app.working():
        await app.until_value("processed", "SELECT status FROM refunds")

    (request,) = fakes.processor.refund_requests
    own_id = fakes.processor.calls[-1][1]
    assert (request.operation_id, request.reference) == (charge, f"ref-{charge}")
    assert own_id not in {charge, None}


async def test_an_unknown_refund_is_queried_and_never_repeated(app: TestApp, fakes: Fakes):
    fakes.processor.refunds = [RuntimeError("the line broke")]
    fakes.processor.queries = [Unknown("still nothing")]
    payment_id = await succeeded(app)
    await refund(app, payment_id, 10_000)
    async with app.working():
        await app.until_value("processed", "SELECT status FROM refunds")

    verbs = [verb for verb, _, _ in fakes.processor.calls]
    assert verbs == ["authorize", "refund", "query", "query"]
    assert (await app.payment(payment_id))["substatus"] == "success"


async def test_many_refunds_of_one_payment_settle_in_one_batch(app: TestApp, fakes: Fakes):
    payment_id = await succeeded(app)
    for _ in range(20):
        assert (await refund(app, payment_id, 100)).status == 201
    async with app.working():
        await app.until_value(20, "SELECT count(*) FROM refunds WHERE status = 'processed'")

    given = [operation for verb, operation, _ in fakes.processor.calls if verb == "refund"]
    assert len(given) == len(set(given)) == 20
    assert (await app.payment(payment_id))["amount_refunded"] == 2_000
    # Each outcome was concluded from the state after the one before.
    numbers = await app.rows("SELECT seq FROM events WHERE payment_id = $1", payment_id)
    assert sorted(row["seq"] for row in numbers) == [*range(1, 3 + 2 * 20 + 1)]


async def test_a_payment_that_has_not_succeeded_cannot_be_refunded(app: TestApp):
    answer = await refund(app, await app.paid(), 100)

    assert (answer.status, answer.json["error"]["code"]) == (400, "BAD_REQUEST_ERROR")


@pytest.mark.parametrize("amount", [0, -1, None, "5", 5.5, True, 10**13])
async def test_a_bad_refund_amount_is_named(app: TestApp, amount: Any):
    payment_id = await succeeded(app)

    answer = await refund(app, payment_id, amount)

    assert (answer.status, answer.json["error"]["field"]) == (400, "amount")
    assert await app.value("SELECT count(*) FROM refunds") == 0


async def test_an_unknown_payment_or_refund_is_404(app: TestApp):
    nowhere = "pay_AAAAAAAAAAAAAAAA"

    answers = [
        await refund(app, nowhere, 100),
        await app.call("POST", f"/payments/{nowhere}/capture"),
        await app.call("GET", "/refunds/rfnd_AAAAAAAAAAAAAAAA"),
        await app.call("POST", "/refunds", json={"payment_id": nowhere, "amount": 100}),
    ]

    assert [answer.json["error"]["description"] for answer in answers] == [
        "Payment not found",
        "Payment not found",
        "Refund not found",
        "Payment not found",
    ]


async def test_a_refund_may_name_its_payment_in_the_body_and_is_listed(app: TestApp):
    payment_id = await succeeded(app)

    created = await app.call("POST", "/refunds", json={"payment_id": payment_id, "amount": 100})
    listed = await app.call("GET", "/refunds?limit=5")

    assert created.status == 201
    assert [row["id"] for row in listed.json["data"]] == [created.json["id"]]


async def test_the_refunds_of_a_payment_are_listed(app: TestApp):
    payment_id, other = await succeeded(app), await succeeded(app)
    first, second = await refund(app, payment_id, 100), await refund(app, payment_id, 200)
    await refund(app, other, 300)

    listed = await app.call("GET", f"/payments/{payment_id}/refunds")
    page = await app.call("GET", f"/payments/{payment_id}/refunds?limit=1")
    unknown = await app.call("GET", "/payments/pay_AAAAAAAAAAAAAAAA/refunds")

    assert [row["id"] for row in listed.json["data"]] == [second.json["id"], first.json["id"]]
    assert (page.json["total"], len(page.json["data"])) == (2, 1)
    assert (unknown.status, unknown.json["error"]["description"]) == (404, "Payment not found")


async def test_refunds_and_captures_with_an_idempotency_key_are_executed_once(app: TestApp):
    payment_id = await succeeded(app)
    headers = {"Idempotency-Key": "k1"}

    async def send(path: str, body: Any) -> Any:
        return await app.call("POST", path, json=body, headers=headers)

    first = await send(f"/payments/{payment_id}/refunds", {"amount": 100})
    second = await send(f"/payments/{payment_id}/refunds", {"amount": 100})
    other = await send(f"/payments/{payment_id}/capture", {})

    assert (first.status, first.body) == (second.status, second.body)
    assert other.status == 422
    assert await app.value("SELECT count(*) FROM refunds") == 1
