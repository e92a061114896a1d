"""Money that a processor took can be refunded once, in every status of the payment."""

from __future__ import annotations

from typing import Any

from tests.harness.playing import PlayedApp
from tests.scenarios.test_callbacks import callback, send

BODIES = "SELECT type, payload::json -> 'data' ->> 'amount' AS amount FROM events WHERE type = $1"
REFUND = "SELECT id FROM operations WHERE kind = 'refund'"


async def refund(stage: PlayedApp, payment_id: str, amount: int) -> Any:
    path = f"/payments/{payment_id}/refunds"
    return await stage.call("POST", path, json={"amount": amount})


async def test_a_partial_approval_is_refunded_and_pays_no_order(stage: PlayedApp):
    order = await stage.order()
    headers = {"Paygate-Scenario": "approve_partly"}
    body = {"order_id": order, "method": "upi", "vpa": "asha@paytm"}
    first = await stage.call("POST", "/payments", json=body, headers=headers)
    await stage.play_on()
    payment = await stage.payment(first.json["id"])
    shown = await stage.call("GET", f"/orders/{order}")
    again = await stage.call("POST", "/payments", json=body)
    await stage.play_on()
    paid = await stage.payment(again.json["id"])

    assert (payment["status"], payment["decline_code"]) == ("failed", "partly_approved")
    assert payment["amount_captured"] == payment["amount_refunded"] == 30_000
    assert shown.json["status"] == "attempted"
    assert (again.status, paid["status"], paid["amount_captured"]) == (201, "success", 50_000)
    assert [row["amount"] for row in await stage.rows(BODIES, "payment.success")] == ["50000"]
    assert [row["amount"] for row in await stage.rows(BODIES, "refund.processed")] == ["30000"]


async def test_the_event_of_a_partial_capture_has_the_captured_amount(stage: PlayedApp):
    payment_id = await stage.begin("approve", capture="manual")
    await stage.call("POST", f"/payments/{payment_id}/capture", json={"amount": 20_000})
    await stage.idle()

    assert (await stage.payment(payment_id))["status"] == "success"
    assert [row["amount"] for row in await stage.rows(BODIES, "payment.success")] == ["20000"]


async def test_a_partial_capture_is_refundable_before_the_last_capture(stage: PlayedApp):
    payment_id = await stage.begin("approve", "card", capture="manual")
    path = f"/payments/{payment_id}/capture"
    await stage.call("POST", path, json={"amount": 20_000, "final": False})
    await stage.idle()
    given = await refund(stage, payment_id, 20_000)
    refused = await refund(stage, payment_id, 1)
    await stage.idle()

    payment = await stage.payment(payment_id)
    assert (given.status, refused.status) == (201, 400)
    assert (payment["status"], payment["amount_refunded"]) == ("authorized", 20_000)


async def declined_refund(stage: PlayedApp) -> tuple[str, str]:
    payment_id = await stage.begin("refund_declined")
    assert (await refund(stage, payment_id, 50_000)).status == 201
    await stage.idle()
    assert await stage.value("SELECT status FROM refunds") == "failed"
    return payment_id, str(await stage.value(REFUND))


async def test_a_refund_approved_after_its_decline_is_not_refundable_again(stage: PlayedApp):
    payment_id, operation = await declined_refund(stage)
    late = await send(stage, callback(operation, "approved"))
    again = await refund(stage, payment_id, 1)

    assert (late.status, again.status) == (200, 400)
    assert (await stage.payment(payment_id))["amount_refunded"] == 50_000
    assert await stage.value("SELECT status FROM refunds") == "processed"
    assert (await stage.events(payment_id))[-2:] == ["refund.failed", "refund.processed"]


async def test_a_late_refund_without_refundable_money_is_a_conflict(stage: PlayedApp):
    payment_id, operation = await declined_refund(stage)
    # A worker would send the next refund, whose decline frees the money again.
    stage.worker.stop()
    assert (await refund(stage, payment_id, 50_000)).status == 201
    late = await send(stage, callback(operation, "approved"))

    assert late.status == 200
    assert await stage.effects() == ["conflict"]
