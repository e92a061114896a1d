"""A shopper cancels a payment that waits for an action."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from paygate import Approved
from paygate.core.payments.callbacks import receive_from_call
from paygate.core.payments.operation import OperationKind
from paygate.core.payments.process import CallResult, Job, OperationWork
from paygate.core.queue.work import Finished
from tests.harness.playing import PlayedApp

ROUNDS = 50
REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE check_violation; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON payments FOR EACH ROW WHEN (OLD.id = '{id}')
    EXECUTE FUNCTION refuse()
"""


async def waiting(stage: PlayedApp, **more: Any) -> str:
    """Return the id of a payment that shows its shopper a code."""
    answer = await stage.pay(await stage.order(**more), method="upi", flow="qr")
    assert answer.status == 201, answer
    await stage.idle()
    return str(answer.json["id"])


async def cancel(stage: PlayedApp, payment_id: str) -> Any:
    return await stage.call("POST", f"/payments/{payment_id}/public/cancel", keys={})


async def decide(stage: PlayedApp, payment_id: str, decision: str = "approve") -> Any:
    path = f"/test/payments/{payment_id}/payer"
    return await stage.call("POST", path, keys={}, json={"decision": decision})


async def test_a_cancelled_payment_fails_as_rejected_by_the_payer(stage: PlayedApp):
    payment_id = await waiting(stage)
    answer = await cancel(stage, payment_id)
    await stage.play_on(timedelta(minutes=6))
    payment = await stage.payment(payment_id)
    story = await stage.call("GET", f"/payments/{payment_id}/timeline")

    assert (answer.status, answer.json["status"]) == (200, "failed")
    assert "next_action" not in answer.json
    assert (payment["status"], payment["decline_code"]) == ("failed", "payer_rejected")
    assert (await stage.events(payment_id))[2:] == ["payment.failed"]
    assert "cancelled by the shopper" in str(story.json)


async def test_a_cancelled_payment_frees_its_order_immediately(stage: PlayedApp):
    order = await stage.order()
    first = await stage.pay(order, method="upi", flow="qr")
    await stage.idle()
    refused = await stage.pay(order, method="upi", flow="qr")
    await cancel(stage, first.json["id"])
    taken = await stage.pay(order, method="upi", flow="qr")

    assert (refused.status, taken.status) == (400, 201)


@pytest.mark.parametrize("decision", ["approve", "decline"])
async def test_a_decided_payment_is_not_cancelled(stage: PlayedApp, decision: str):
    payment_id = await waiting(stage)
    await decide(stage, payment_id, decision)
    before = await stage.payment(payment_id)
    answer = await cancel(stage, payment_id)

    assert answer.status == 400
    assert (
        answer.json["error"]["description"] == "Payment does not wait for an action of the shopper"
    )
    assert await stage.payment(payment_id) == before


async def test_only_payments_that_wait_for_the_shopper_are_cancelled(stage: PlayedApp):
    slow = await stage.begin("approve_slowly")
    answers = [await cancel(stage, name) for name in (slow, "pay_0000000000000000", "x")]

    assert [answer.status for answer in answers] == [400, 404, 404]
    assert (await stage.payment(slow))["status"] == "pending"


async def test_a_manual_payment_is_not_cancelled_by_its_shopper(stage: PlayedApp):
    payment_id = await waiting(stage, capture="manual")
    answer = await cancel(stage, payment_id)

    assert answer.status == 422
    assert (await stage.payment(payment_id))["status"] == "pending"


async def test_concurrent_cancel_and_approval_lose_no_money(stage: PlayedApp):
    """An approval that is second is a late success: the bank has taken the money."""
    seen = set()
    for round in range(ROUNDS):
        payment_id = await waiting(stage)
        both = [cancel(stage, payment_id), decide(stage, payment_id)]
        if round % 2:
            cancelled, decided = await asyncio.gather(*both)
        else:
            decided, cancelled = await asyncio.gather(*reversed(both))
        events = tuple((await stage.events(payment_id))[2:])
        seen.add(events)

        # An approval that was taken in is money, whatever was first. One that found nobody
        # waiting any more was refused, and its payer knows.
        status = "success" if decided.status == 200 else "failed"
        assert (await stage.payment(payment_id))["status"] == status
        assert events == {
            (400, 200): ("payment.success",),
            (200, 400): ("payment.failed",),
            (200, 200): ("payment.failed", "payment.success"),
        }.get((cancelled.status, decided.status))
    assert len(seen) > 1, "neither is always the first"


async def test_a_confirmation_query_finds_money_without_a_callback(
    stage: PlayedApp,
):
    payment_id = await stage.begin("three_ds_approved", "card")
    cancelled = await cancel(stage, payment_id)
    before = (await stage.payment(payment_id))["status"]
    await stage.play_on()

    assert (cancelled.status, before) == (200, "failed")
    assert (await stage.events(payment_id))[2:] == ["payment.failed", "payment.success"]
    assert (await stage.payment(payment_id))["status"] == "success"


async def test_concurrent_cancellations_fail_the_payment_once(stage: PlayedApp):
    payment_id = await waiting(stage)
    answers = await asyncio.gather(*(cancel(stage, payment_id) for _ in range(10)))

    assert sorted(answer.status for answer in answers) == [200, *[400] * 9]
    assert (await stage.events(payment_id))[2:] == ["payment.failed"]


async def test_a_charge_whose_approval_is_refused_does_not_affect_others(stage: PlayedApp):
    payments = [await waiting(stage) for _ in range(3)]
    for payment_id in payments:
        await cancel(stage, payment_id)
    for statement in REFUSE.format(id=payments[0]).split(";\n"):
        await stage.rows(statement)
    operations = stage.app.deps.storage.operations.only([OperationKind.CONFIRM], ["upi_sim"])
    # Later than the clock of the worker, which claims none of them.
    later = stage.clock.at + timedelta(days=1)
    claim = {"worker_id": "w", "token": uuid4(), "limit": 10, "now": later}
    sent = await operations.mark_sent(await operations.claim(**claim), at=later)
    settled = [
        Finished(Job(each, is_fresh=True), CallResult(Approved("late", each.payment.amount)))
        for each in sent
    ]
    stored = await OperationWork(stage.app.deps, "w", operations, receive_from_call).record(settled)
    statuses = [(await stage.payment(payment_id))["status"] for payment_id in payments]

    assert (len(stored.stored), len(stored.refused)) == (2, 1)
    assert statuses == ["failed", "success", "success"]
