"""What follows a payment: its capture, its refunds, and requests that are sent twice."""

from __future__ import annotations

from ..answer import Answer
from ..case import Case, clause
from ..gateway import AMOUNT_MINOR
from ..matching import PAYMENT_ID, REFUND_ID, TIME, null_or_missing
from .orders import NO_OTHERS

FIRST_MINOR, SECOND_MINOR = 30_000, 20_000


@clause(
    "K12",
    "`POST /payments/{id}/capture` answers 400 while the payment is pending, 200 with captured "
    "true once it has succeeded, and 400 the second time.",
)
async def capture(case: Case) -> None:
    """Check that a payment is captured once."""
    gateway, body = case.gateway, {"amount": AMOUNT_MINOR}
    early = await case.early("capture", body)
    payment_id = await gateway.paid()
    case.must_be_refused(early)
    path = f"/payments/{payment_id}/capture"
    first = await gateway.call("POST", path, body)
    first.must(200, {"id": payment_id, "status": "success", "captured": True})
    second = await gateway.call("POST", path, body)
    second.must_be_error(400, "BAD_REQUEST_ERROR")
    stored = await gateway.call("GET", f"/payments/{payment_id}")
    stored.must(200, {"status": "success", "captured": True})


@clause(
    "K13",
    "`POST /payments/{id}/refunds` answers 201 with status pending, for parts up to what was paid "
    "and 400 beyond it or while the payment is pending; a refund becomes processed and has "
    "processed_at then.",
    unseen=("after which time: it is a setting of the gateway",),
)
async def refund(case: Case) -> None:
    """Check refunds in parts."""
    gateway = case.gateway
    early = await case.early("refunds", {"amount": 100})
    payment_id = await gateway.paid()
    case.must_be_refused(early)
    path = f"/payments/{payment_id}/refunds"
    shown = {"id": REFUND_ID, "payment_id": payment_id, "status": "pending", "created_at": TIME}
    first = await gateway.call("POST", path, {"amount": FIRST_MINOR, "reason": "one"})
    made = first.must(201, {**shown, "amount": FIRST_MINOR, "reason": "one"})
    second = await gateway.call("POST", path, {"amount": SECOND_MINOR})
    second.must(201, {**shown, "amount": SECOND_MINOR, "reason": null_or_missing()})
    third = await gateway.call("POST", path, {"amount": 1})
    third.must_be_error(400, "BAD_REQUEST_ERROR")

    async def show() -> Answer:
        return await gateway.call("GET", f"/refunds/{made['id']}")

    done = await gateway.until(
        show, lambda answer: answer.status != 200 or answer.field("status") != "pending"
    )
    whole = {"id": made["id"], "payment_id": payment_id, "amount": FIRST_MINOR, "reason": "one"}
    done.must(200, {**whole, "status": "processed", "processed_at": TIME})


@clause(
    "K14",
    "A second `POST /payments` with the same Idempotency-Key answers the same status and bytes, "
    "with Idempotent-Replayed: true, and makes no second payment; with another request it answers "
    "422 IDEMPOTENCY_KEY_REUSED.",
    unseen=("that a key may be used again after 24 hours",),
)
async def replay(case: Case) -> None:
    """Check that a key makes one payment."""
    gateway = case.gateway
    headers = {"Idempotency-Key": f"{gateway.target.run_id}-k14"}
    order_id, another_id = await gateway.order(), await gateway.order()

    async def pay(order: str) -> Answer:
        body = {"order_id": order, "method": "upi", "vpa": "a@paytm"}
        return await gateway.call("POST", "/payments", body, headers=headers)

    first = await pay(order_id)
    first.must(201, {"id": PAYMENT_ID, "order_id": order_id})
    again = await pay(order_id)
    again.must(first.status)
    if again.body != first.body:
        again.refuse("the answer has other bytes than the first one", f"exactly {first.came}")
    if again.headers.get("idempotent-replayed") != "true":
        again.refuse("the answer does not say that it is a replay", "Idempotent-Replayed: true")
    reused = await pay(another_id)
    reused.must_be_error(422, "IDEMPOTENCY_KEY_REUSED")
    await _must_have_one_payment(case, order_id)
    if gateway.target.others is None:
        case.leave_out(f"the same key of another merchant: {NO_OTHERS}")
        return
    body = {"amount": AMOUNT_MINOR}
    others = await gateway.call(
        "POST", "/orders", body, keys=gateway.target.others, headers=headers
    )
    is_new = others.status in {200, 201} and "idempotent-replayed" not in others.headers
    if not is_new:
        others.refuse("the key of another merchant counts", "a new order of this merchant")


async def _must_have_one_payment(case: Case, order_id: str) -> None:
    listed = await case.gateway.call("GET", "/payments")
    rows = listed.field("data") if isinstance(listed.json, dict) else listed.json
    if listed.status != 200 or not isinstance(rows, list):
        case.leave_out("that there is one payment only: GET /payments lists none")
        return
    found = [row for row in rows if isinstance(row, dict) and row.get("order_id") == order_id]
    if len(found) > 1:
        listed.refuse(f"the order has {len(found)} payments", "one payment of the order")
