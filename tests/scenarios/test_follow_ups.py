"""Failing refunds, captures and voids, and late money."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.harness.playing import PlayedApp

REFUNDED = ["refund.created", "refund.processed"]


async def refunded(stage: PlayedApp, scenario: str) -> tuple[str, Any]:
    payment_id = await stage.begin(scenario)
    await stage.call("POST", f"/payments/{payment_id}/refunds", json={"amount": 20_000})
    await stage.play_on()
    (refund,) = await stage.rows("SELECT * FROM refunds")
    return payment_id, refund


@pytest.mark.parametrize(
    ("scenario", "status", "after_s"),
    [
        ("refund_slow", "processed", 86_400),
        ("refund_unknown_then_approved", "processed", 5),
        ("refund_by_callback", "processed", 30),
        ("refund_declined", "failed", None),
    ],
)
async def test_a_refund_follows_its_timeline(
    stage: PlayedApp, scenario: str, status: str, after_s: int | None
):
    payment_id, refund = await refunded(stage, scenario)
    payment = await stage.payment(payment_id)
    took = refund["processed_at"] and refund["processed_at"] - refund["created_at"]

    assert refund["status"] == status
    assert took == (None if after_s is None else timedelta(seconds=after_s))
    assert payment["amount_refunded"] == (20_000 if status == "processed" else 0)
    assert payment["status"] == "success"


@pytest.mark.parametrize(
    ("scenario", "act", "substatus", "last"),
    [
        ("capture_declined", "capture", "authorized", "payment.capture_failed"),
        ("capture_unknown_then_approved", "capture", "success", "payment.success"),
        ("void_declined", "cancel", "authorized", "payment.cancel_failed"),
        ("approve", "cancel", "cancelled", "payment.cancelled"),
    ],
)
async def test_an_authorization_follows_its_timeline(
    stage: PlayedApp, scenario: str, act: str, substatus: str, last: str
):
    payment_id = await stage.begin(scenario, "card", capture="manual")
    answer = await stage.call("POST", f"/payments/{payment_id}/{act}")
    await stage.play_on(timedelta(days=3))

    assert answer.status == 200
    assert (await stage.payment(payment_id))["substatus"] == substatus
    assert (await stage.events(payment_id))[-1] == last


async def test_an_authorization_without_capture_expires(stage: PlayedApp):
    payment_id = await stage.begin("approve", "card", capture="manual")
    await stage.play_on(timedelta(days=6))
    before = await stage.payment(payment_id)
    await stage.play_on(timedelta(days=2))
    after = await stage.payment(payment_id)
    again = await stage.pay(after["order_id"], method="upi", vpa="a@paytm")

    assert (before["status"], after["status"]) == ("authorized", "cancelled")
    assert (await stage.events(payment_id))[-1] == "payment.cancelled"
    assert again.status == 201


async def test_a_captured_hold_does_not_expire(stage: PlayedApp):
    payment_id = await stage.begin("approve", "card", capture="manual")
    await stage.call("POST", f"/payments/{payment_id}/capture")
    await stage.play_on(timedelta(days=8))

    assert (await stage.payment(payment_id))["status"] == "success"
    assert await stage.effects() == ["no_effect"]


async def test_of_a_partly_captured_hold_only_the_rest_expires(stage: PlayedApp):
    payment_id = await stage.begin("approve", "card", capture="manual")
    await stage.call(
        "POST", f"/payments/{payment_id}/capture", json={"amount": 20_000, "final": False}
    )
    await stage.play_on(timedelta(days=8))
    after = await stage.payment(payment_id)

    assert (after["status"], after["captured"], after["amount_captured"]) == (
        "success",
        True,
        20_000,
    )


OTHER_PAYMENT = "Another payment of the order was in progress or successful when this money arrived"


async def test_late_money_for_a_paid_order_is_refunded_automatically(stage: PlayedApp):
    late = await stage.begin("late_success")
    order_id = (await stage.payment(late))["order_id"]
    second = await stage.call(
        "POST",
        "/payments",
        json={"order_id": order_id, "method": "upi", "vpa": "b@paytm"},
        headers={"Paygate-Scenario": "approve"},
    )
    await stage.play_on()
    payment, other = await stage.payment(late), await stage.payment(second.json["id"])
    (refund,) = await stage.rows("SELECT * FROM refunds")

    assert (payment["status"], other["status"]) == ("failed", "success")
    assert (payment["amount_captured"], payment["amount_refunded"]) == (50_000, 50_000)
    assert (refund["payment_id"], refund["status"], refund["amount"]) == (late, "processed", 50_000)
    assert refund["reason"] == OTHER_PAYMENT
    assert (await stage.events(late))[3:] == REFUNDED
    paid = "SELECT count(*) FROM payments WHERE status = 'success'"
    assert await stage.value(paid) == 1


async def test_late_money_while_another_payment_is_pending_is_refunded(stage: PlayedApp):
    late = await stage.begin("late_success")
    order_id = (await stage.payment(late))["order_id"]
    await stage.call(
        "POST",
        "/payments",
        json={"order_id": order_id, "method": "upi", "vpa": "b@paytm"},
        headers={"Paygate-Scenario": "unknown_for_ever"},
    )
    await stage.play_on()

    assert await stage.value("SELECT count(*) FROM payments WHERE status = 'success'") == 0
    assert await stage.value("SELECT status FROM refunds") == "processed"
    assert await stage.value("SELECT reason FROM refunds") == OTHER_PAYMENT


async def test_a_late_success_pays_the_order_and_emits_an_event(stage: PlayedApp):
    payment = await stage.play("late_success")
    order = (await stage.call("GET", f"/orders/{payment['order_id']}")).json

    assert (payment["status"], payment["error_code"]) == ("success", None)
    assert order["status"] == "paid"
    again = await stage.pay(payment["order_id"], method="upi", vpa="b@paytm")
    assert again.json["error"]["description"] == "Order already paid"


@pytest.mark.parametrize(
    ("decision", "status", "code"),
    [
        ("approve", "success", None),
        ("decline", "failed", "payer_rejected"),
        ("wrong_pin", "failed", "authentication_failed"),
        ("time_out", "failed", "payer_timed_out"),
    ],
)
@pytest.mark.parametrize(("scenario", "method"), [("collect", "upi"), ("three_ds", "card")])
async def test_a_user_simulates_the_payer(
    stage: PlayedApp, scenario: str, method: str, decision: str, status: str, code: str | None
):
    payment_id = await stage.begin(scenario, method)
    waiting = await stage.payment(payment_id)
    public = await stage.call("GET", f"/payments/{payment_id}/public", keys={})
    stage.clock.at += timedelta(seconds=10)
    path = f"/test/payments/{payment_id}/payer"
    answer = await stage.call("POST", path, keys={}, json={"decision": decision})
    again = await stage.call("POST", path, keys={}, json={"decision": "approve"})

    assert waiting["status"] == "pending"
    kind = {"collect": "upi_collect", "three_ds": "three_ds"}[scenario]
    assert waiting["next_action"]["type"] == public.json["next_action"]["type"] == kind
    assert (answer.json["status"], answer.json["decline_code"]) == (status, code)
    assert answer.json["next_action"] is None
    assert (again.status, again.json["error"]["description"]) == (
        400,
        "Payment does not wait for an action of the shopper",
    )


async def test_the_processor_is_queried_when_the_shopper_returns(stage: PlayedApp):
    payment_id = await stage.begin("three_ds_approved", "card")
    path = f"/payments/{payment_id}/complete"
    early = await stage.call("POST", path, keys={})
    stage.clock.at += timedelta(seconds=21)
    done = await stage.call("POST", path, keys={}, json={"params": {"from": "bank"}})
    late = await stage.call("POST", path, keys={})
    missing = await stage.call("POST", "/payments/pay_0000000000000000/complete", keys={})
    junk = await stage.call("POST", path, keys={}, json={"params": {"a": 1}})
    calls = "SELECT answer->>'class' AS answer FROM plugin_calls WHERE name = 'complete_action'"

    assert (early.status, early.json["status"]) == (200, "pending")
    assert (done.status, done.json["status"]) == (200, "success")
    assert (late.status, missing.status, junk.status) == (400, 404, 400)
    # What decides nothing is not kept: anyone with the page open can ask for it again and again.
    assert [row["answer"] for row in await stage.rows(calls)] == ["Approved"]


DEADLOCK_ONCE = (
    "CREATE SEQUENCE refusals",
    """CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF nextval('refusals') = 1 THEN RAISE deadlock_detected; END IF; RETURN NEW; END $$""",
    """CREATE TRIGGER refuse_once BEFORE UPDATE ON payments FOR EACH ROW
    EXECUTE FUNCTION refuse_once()""",
)


async def test_the_return_of_a_shopper_survives_a_deadlock(stage: PlayedApp):
    payment_id = await stage.begin("three_ds_approved", "card")
    for statement in DEADLOCK_ONCE:
        await stage.rows(statement)
    stage.clock.at += timedelta(seconds=21)
    done = await stage.call(
        "POST", f"/payments/{payment_id}/complete", keys={}, json={"params": {"from": "bank"}}
    )

    assert (done.status, done.json["status"]) == (200, "success")
    assert await stage.value("SELECT last_value FROM refusals") == 2


async def test_a_person_settles_an_operation_in_review(stage: PlayedApp):
    payment = await stage.play("unknown_for_ever")
    (review,) = (await stage.call("GET", "/operations/review")).json["data"]
    path = f"/operations/{review['id']}/settle"
    body = {"verdict": "approved", "reason": "seen in the portal, card 4111111111111111"}
    bad = [
        await stage.call("POST", path, json={}),
        await stage.call("POST", path, json={**body, "verdict": "maybe"}),
        await stage.call("POST", path, json={"verdict": "declined", "reason": ""}),
    ]
    missing = await stage.call("POST", "/operations/op_0000000000000000/settle", json=body)
    both = await asyncio.gather(*(stage.call("POST", path, json=body) for _ in range(5)))
    after = await stage.payment(payment["id"])
    note = await stage.value("SELECT note FROM operations WHERE id = $1", review["id"])

    assert (review["payment_id"], review["kind"]) == (payment["id"], "charge")
    assert [answer.json["error"]["field"] for answer in bad] == ["verdict", "verdict", "reason"]
    assert missing.status == 404
    assert sorted(answer.status for answer in both) == [200, 400, 400, 400, 400]
    assert (after["status"], after["amount_captured"]) == ("success", 50_000)
    assert note.startswith("reviewed as approved")
    assert "4111111111111111" not in note
    assert (await stage.call("GET", "/operations/review")).json["data"] == []


async def test_a_review_may_be_settled_as_declined(stage: PlayedApp):
    payment = await stage.play("down")
    (review,) = (await stage.call("GET", "/operations/review")).json["data"]
    answer = await stage.call(
        "POST",
        f"/operations/{review['id']}/settle",
        json={"verdict": "declined", "reason": "never arrived"},
    )

    assert (answer.status, answer.json["status"]) == (200, "failed")
    assert (await stage.events(payment["id"]))[-1] == "payment.failed"
