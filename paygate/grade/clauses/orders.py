"""Orders and authentication."""

from __future__ import annotations

from typing import Any

from ..case import Case, clause
from ..gateway import AMOUNT_MINOR, NO_KEYS, Keys
from ..matching import ORDER_ID, TEXT, TIME, present

NO_OTHERS = "give a second merchant's keys in --other-api-key and --other-api-secret"
DENIED = {"error": {"code": "AUTHENTICATION_ERROR", "description": "Invalid API credentials"}}
BAD_AMOUNTS: tuple[dict[str, Any], ...] = (
    {"amount": 99},
    {"amount": 0},
    {"amount": -1},
    {"amount": "x"},
    {},
)


@clause(
    "K3",
    "`POST /orders` answers 201 with an id of order_ and 16 letters or digits, the fields of the "
    "request, and status created.",
)
async def create_order(case: Case) -> None:
    """Check the creation of an order."""
    body = {
        "amount": AMOUNT_MINOR,
        "currency": "INR",
        "receipt": "receipt_123",
        "notes": {"customer_name": "John Doe"},
    }
    answer = await case.gateway.call("POST", "/orders", body)
    own = {"id": ORDER_ID, "merchant_id": TEXT, "status": "created", "created_at": TIME}
    answer.must(201, {**own, **body})


@clause(
    "K4",
    "`POST /orders` answers 400 BAD_REQUEST_ERROR if the amount is below 100, not a whole number, "
    "or missing.",
)
async def refuse_amounts(case: Case) -> None:
    """Check amounts that no order may have."""
    for body in BAD_AMOUNTS:
        answer = await case.gateway.call("POST", "/orders", body)
        answer.must_be_error(400, "BAD_REQUEST_ERROR")


@clause(
    "K5",
    "Without the right key and secret every route of the merchant answers 401 with exactly the "
    "body of AUTHENTICATION_ERROR.",
)
async def refuse_wrong_keys(case: Case) -> None:
    """Check missing, empty and wrong keys."""
    own = case.gateway.target.keys
    wrong = (
        NO_KEYS,
        Keys("with the key only", own.key),
        Keys("with the secret only", None, own.secret),
        Keys("with an empty key and secret", "", ""),
        Keys("with a wrong secret", own.key, "wrong"),
        Keys("with a wrong key", "wrong", own.secret),
    )
    for keys in wrong:
        made = await case.gateway.call("POST", "/orders", {"amount": 500}, keys=keys)
        made.must(401, DENIED, exactly=True)
        for path in ("/payments/pay_0000000000000000", "/webhooks"):
            shown = await case.gateway.call("GET", path, keys=keys)
            shown.must(401, DENIED, exactly=True)


@clause(
    "K6",
    "`GET /orders/{id}` answers 200 to the order's merchant, and 404 for an unknown order or to "
    "another merchant; `/orders/{id}/public` answers exactly id, amount, currency and status.",
)
async def show_orders(case: Case) -> None:
    """Check who sees what of an order."""
    gateway = case.gateway
    order_id = await gateway.order()
    shown = {"id": order_id, "amount": AMOUNT_MINOR, "currency": "INR", "status": "created"}
    own = await gateway.call("GET", f"/orders/{order_id}")
    own.must(200, {**shown, "created_at": TIME, "updated_at": TIME, "receipt": present()})
    missing = await gateway.call("GET", "/orders/order_0000000000000000")
    missing.must_be_error(404, "NOT_FOUND_ERROR")
    public = await gateway.call("GET", f"/orders/{order_id}/public", keys=NO_KEYS)
    public.must(200, shown, exactly=True)
    if gateway.target.others is None:
        case.leave_out(f"another merchant's order: {NO_OTHERS}")
        return
    hidden = await gateway.call("GET", f"/orders/{order_id}", keys=gateway.target.others)
    hidden.must_be_error(404, "NOT_FOUND_ERROR")
