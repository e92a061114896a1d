"""Payments from creation to result, with a scripted processor."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from paygate import DeclineCode, Declined, Pending, Unknown
from tests.harness.apps import TestApp
from tests.harness.fakes import Fakes, not_sent


async def test_an_approved_payment_succeeds_and_its_events_are_in_order(app: TestApp, fakes: Fakes):
    await app.webhook_url()
    async with app.working():
        payment_id = await app.paid()
        payment = await app.until(payment_id, "success")
        await app.until_value(3, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")

    assert payment["status"] == "success"
    assert payment["amount_captured"] == 50_000
    assert fakes.sink.types == ["payment.created", "payment.pending", "payment.success"]
    assert await app.value("SELECT status FROM orders") == "paid"


async def test_a_declined_payment_fails_with_a_code_and_frees_the_order(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Declined(DeclineCode.INSUFFICIENT_FUNDS)]
    order_id = await app.order()
    async with app.working():
        first = (await app.pay(order_id)).json["id"]
        payment = await app.until(first, "failed")
        second = (await app.pay(order_id)).json["id"]
        await app.until(second, "success")

    assert payment["error_code"] == "PAYMENT_FAILED"
    assert payment["error_description"] == "Payment processing failed"
    assert payment["decline_code"] == "insufficient_funds"


async def test_a_pending_outcome_is_queried_later(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [Pending(timedelta(milliseconds=300), state={"note": 1})]
    async with app.working():
        payment_id = await app.paid()
        await app.until_value("pending", "SELECT state FROM operations")
        held = await app.value("SELECT lease_token FROM operations")
        await app.until(payment_id, "success")

    assert held is None
    assert [call[0] for call in fakes.processor.calls] == ["authorize", "query"]


async def test_an_operation_is_stored_as_sent_before_its_processor_is_called(
    app: TestApp, fakes: Fakes
):
    seen: list[str] = []

    async def look(payment_id: str) -> None:
        stored = "SELECT state FROM operations WHERE payment_id = $1"
        seen.append(await app.value(stored, payment_id))

    fakes.processor.before_answer = look
    async with app.working():
        await app.until(await app.paid(), "success")

    assert seen == ["sent"]


async def test_an_unknown_outcome_is_queried_and_never_charged_again(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [RuntimeError("the line broke")]
    fakes.processor.queries = [Unknown("still nothing")]
    async with app.working():
        await app.until(await app.paid(), "success")

    calls = fakes.processor.calls
    assert [call[0] for call in calls] == ["authorize", "query", "query"]
    assert len({operation_id for _, operation_id, _ in calls}) == 1


async def test_a_request_that_was_not_sent_is_repeated_with_the_same_id(app: TestApp, fakes: Fakes):
    fakes.processor.authorizations = [not_sent(), not_sent()]
    async with app.working():
        await app.until(await app.paid(), "success")

    calls = fakes.processor.calls
    assert [call[0] for call in calls] == ["authorize"] * 3
    assert len({operation_id for _, operation_id, _ in calls}) == 1


async def test_an_outcome_that_stays_unknown_needs_review_and_does_not_fail(
    app: TestApp, fakes: Fakes
):
    fakes.processor.authorizations = [Unknown("timeout")]
    fakes.processor.queries = [Unknown("timeout")] * 3
    async with app.working():
        payment_id = await app.paid()
        await app.until_value("needs_review", "SELECT state FROM operations")

    payment = await app.payment(payment_id)
    assert (payment["status"], payment["substatus"]) == ("pending", "unknown")
    stuck = await app.app.deps.storage.workers.stuck(
        due_before=app.app.deps.clock.now() - timedelta(hours=1), limit=5
    )
    assert [row.table for row in stuck] == ["operations"]


async def test_of_twenty_concurrent_payments_of_an_order_one_is_created(app: TestApp):
    order_id = await app.order()

    answers = await asyncio.gather(*(app.pay(order_id) for _ in range(20)))

    assert sorted(answer.status for answer in answers) == [201] + [400] * 19
    texts = {a.json["error"]["description"] for a in answers if a.status == 400}
    assert texts == {"Payment already in progress for this order"}
    assert await app.value("SELECT count(*) FROM payments") == 1
    assert await app.value("SELECT count(*) FROM operations") == 1


async def test_a_paid_order_refuses_another_payment(app: TestApp):
    order_id = await app.order()
    async with app.working():
        await app.until((await app.pay(order_id)).json["id"], "success")

    refused = await app.pay(order_id)

    assert refused.status == 400
    assert refused.json["error"]["description"] == "Order already paid"


async def test_the_instrument_secret_is_erased_when_the_charge_is_decided(
    app: TestApp, fakes: Fakes
):
    await app.paid(secret="4111111111111111")
    sealed = await app.value("SELECT sealed FROM operations")
    async with app.working():
        await app.until_value("succeeded", "SELECT state FROM operations")

    assert sealed
    assert "4111" not in sealed
    assert fakes.processor.secrets == [{"secret": "4111111111111111"}]
    assert await app.value("SELECT sealed FROM operations") is None


async def test_a_payment_without_a_webhook_url_has_no_delivery(app: TestApp, fakes: Fakes):
    async with app.working():
        await app.until(await app.paid(), "success")

    assert await app.value("SELECT count(*) FROM webhook_logs") == 0
    assert await app.value("SELECT count(*) FROM events") == 3
    assert fakes.sink.delivered == []


async def test_a_webhook_url_written_by_sql_is_used_immediately(app: TestApp, fakes: Fakes):
    await app.rows("UPDATE merchants SET webhook_url = 'http://localhost:9/by-sql'")
    async with app.working():
        await app.until(await app.paid(), "success")
        await app.until_value(3, "SELECT count(*) FROM webhook_logs WHERE status = 'success'")

    assert len(fakes.sink.delivered) == 3


async def test_several_workers_share_two_hundred_payments_and_charge_each_once(
    app: TestApp, fakes: Fakes
):
    payments = [await app.paid() for _ in range(200)]
    async with app.working(), app.working():
        await app.until_value(200, "SELECT count(*) FROM payments WHERE status = 'success'")

    charged = [payment for verb, _, payment in fakes.processor.calls if verb == "authorize"]
    assert sorted(charged) == sorted(payments)
