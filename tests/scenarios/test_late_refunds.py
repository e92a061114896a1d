"""Refunds that are approved after a decline."""

from __future__ import annotations

from tests.harness.playing import PlayedApp

from .test_callbacks import callback, send

GIVEN = 30_000


async def declined_refund(stage: PlayedApp, payment_id: str) -> tuple[str, str]:
    """Return a refund of 300 rupees that its processor declined, and its operation."""
    path = f"/payments/{payment_id}/refunds"
    answer = await stage.call("POST", path, json={"amount": GIVEN})
    await stage.play_on()
    sql = "SELECT o.id FROM operations o JOIN refunds r ON r.id = o.refund_id WHERE r.id = $1"
    return answer.json["id"], str(await stage.value(sql, answer.json["id"]))


async def approve(stage: PlayedApp, operation_id: str) -> None:
    content = {**callback(operation_id, "approved", amount=GIVEN), "id": f"late-{operation_id}"}
    assert (await send(stage, content)).status == 200
    await stage.play_on()


async def test_a_late_refund_is_counted_once(stage: PlayedApp):
    payment_id = await stage.begin("refund_declined")
    await stage.play_on()
    refund_id, operation_id = await declined_refund(stage, payment_id)
    before = await stage.payment(payment_id)
    await approve(stage, operation_id)
    await approve(stage, operation_id)
    after = await stage.payment(payment_id)
    path = f"/payments/{payment_id}/refunds"
    too_much = await stage.call("POST", path, json={"amount": GIVEN})
    refund = (await stage.call("GET", f"/refunds/{refund_id}")).json

    assert (before["amount_refunded"], after["amount_refunded"]) == (0, GIVEN)
    assert refund["status"] == "processed"
    assert (await stage.events(payment_id)).count("refund.processed") == 1
    assert too_much.status == 400


async def test_a_late_refund_without_refundable_money_is_listed_as_a_conflict(
    stage: PlayedApp,
):
    payment_id = await stage.begin("refund_declined")
    await stage.play_on()
    first, its_operation = await declined_refund(stage, payment_id)
    _, other_operation = await declined_refund(stage, payment_id)
    await approve(stage, other_operation)
    await approve(stage, its_operation)
    listed = (await stage.call("GET", "/attention")).json["data"]
    refund = (await stage.call("GET", f"/refunds/{first}")).json

    assert [(item["kind"], item["payment_id"]) for item in listed] == [("conflict", payment_id)]
    assert refund["status"] == "failed"
    assert (await stage.payment(payment_id))["amount_refunded"] == GIVEN
    assert (await stage.effects())[-1] == "conflict"
