"""Payments."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from paygate import WireContext, WireRefusal, WireRequest

from .entities import card_entity, collection, payment_entity, reason_of
from .orders import whole
from .reading import WAIT_S, body_of, key_of, notes_of, page_of, payment_of

PREFIX = "/wire/razorpay"
BANK_ACTIONS = frozenset({"redirect", "three_ds", "otp"})


async def create(asked: WireRequest, context: WireContext) -> Any:
    """``POST /v1/payments/create/json``: pay an order from server to server.

    The response is what checkout's handler gets, or the next step of the shopper.

    Raises:
        WireRefusal: The payment failed, or was refused.
    """
    body = body_of(asked)
    made = await context.gateway.call(
        "POST", "/payments", body=_payment(body), idempotency_key=key_of(asked)
    )
    payment = await payment_of(made["id"], context, wait_s=WAIT_S)
    if payment["status"] == "failed":
        raise WireRefusal(
            400,
            "BAD_REQUEST_ERROR",
            payment["error_description"] or "Payment processing failed",
            reason=reason_of(payment),
        )
    action = payment["next_action"]
    if action is not None:
        step = _step(payment["id"], action, context)
        return {"razorpay_payment_id": payment["id"], "next": [step]}
    if payment["status"] == "pending":
        return {"razorpay_payment_id": payment["id"], "next": [{"action": "poll"}]}
    return signed(payment, context)


def _step(payment_id: str, action: Mapping[str, Any], context: WireContext) -> dict[str, str]:
    """Return the next step of the shopper: a page, or to wait for the app."""
    url = action["data"].get("url")
    if action["type"] in BANK_ACTIONS and url is None:
        # A simulated bank has its page on paygate's own origin.
        origin = context.url.removesuffix(PREFIX)
        url = f"{origin}/simulator/bank?payment_id={quote(payment_id, safe='')}"
    return {"action": "poll"} if url is None else {"action": "redirect", "url": url}


def signed(payment: Mapping[str, Any], context: WireContext) -> dict[str, str]:
    """Return what checkout's handler gets of a payment: its ids with a signature."""
    order_id, payment_id = payment["order_id"], payment["id"]
    text = f"{order_id}|{payment_id}".encode()
    signature = hmac.digest(context.credentials.secret.encode(), text, "sha256").hex()
    return {
        "razorpay_payment_id": payment_id,
        "razorpay_order_id": order_id,
        "razorpay_signature": signature,
    }


def _payment(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gateway's request for a payment."""
    method = body.get("method", "upi" if "upi" in body else None)
    payment: dict[str, Any] = {
        "order_id": body.get("order_id"),
        "method": method,
        "notes": notes_of(body),
    }
    if method == "card":
        card = body.get("card")
        card = card if isinstance(card, Mapping) else {}
        payment["card"] = {
            **{name: card.get(name) for name in ("number", "expiry_month", "expiry_year", "cvv")},
            "holder_name": card.get("name"),
        }
    elif method == "upi":
        upi = body.get("upi")
        upi = upi if isinstance(upi, Mapping) else {}
        payment["flow"] = upi.get("flow", "collect")
        payment["vpa"] = upi.get("vpa", body.get("vpa"))
    return payment


async def index(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/payments``, the newest first."""
    page = await context.gateway.call("GET", "/payments", query=page_of(asked))
    return collection(page["data"], payment_entity)


async def of_order(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/orders/{order_id}/payments``."""
    order_id = asked.places["order_id"]
    await context.gateway.call("GET", f"/orders/{quote(order_id, safe='')}")
    query = {"limit": "100", "offset": "0", "order_id": order_id}
    page = await context.gateway.call("GET", "/payments", query=query)
    return collection(page["data"], payment_entity)


async def show(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/payments/{payment_id}``."""
    return payment_entity(await payment_of(asked.places["payment_id"], context))


async def card(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/payments/{payment_id}/card``."""
    payment = await payment_of(asked.places["payment_id"], context)
    if payment["method"] != "card":
        raise WireRefusal(400, "BAD_REQUEST_ERROR", "The payment was not made by card")
    return card_entity(payment)


async def capture(asked: WireRequest, context: WireContext) -> Any:
    """``POST /v1/payments/{payment_id}/capture``: all of what is authorized, once.

    Raises:
        WireRefusal: The payment is not authorized, or another amount is.
    """
    payment_id = asked.places["payment_id"]
    payment = await payment_of(payment_id, context)
    key = key_of(asked)
    # With a key it may be the first request again: the gateway knows.
    if payment["status"] == "success" and key is None:
        raise WireRefusal(400, "BAD_REQUEST_ERROR", "This payment has already been captured")
    amount = whole(body_of(asked).get("amount"))
    if amount != payment["amount_authorized"] and payment["status"] == "authorized":
        raise WireRefusal(
            400,
            "BAD_REQUEST_ERROR",
            "Capture amount must be equal to the amount authorized",
            field="amount",
        )
    await context.gateway.call(
        "POST",
        f"/payments/{quote(payment_id, safe='')}/capture",
        body={"amount": amount},
        idempotency_key=key,
    )
    payment = await payment_of(payment_id, context, wait_s=WAIT_S)
    if payment["status"] != "success" and payment["substatus"] != "capturing":
        raise WireRefusal(400, "BAD_REQUEST_ERROR", "The capture failed", reason="capture_failed")
    return payment_entity(payment)
