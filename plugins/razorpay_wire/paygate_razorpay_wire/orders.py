"""Orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from paygate import WireContext, WireRefusal, WireRequest

from .entities import order_entity
from .reading import YES, body_of, key_of, notes_of, page_of


async def create(asked: WireRequest, context: WireContext) -> Any:
    """``POST /v1/orders``. Unless it asks for capture, its payment is only authorized."""
    body = body_of(asked)
    if body.get("partial_payment") in YES:
        raise WireRefusal(
            400,
            "BAD_REQUEST_ERROR",
            "Partial payments of an order are not supported",
            field="partial_payment",
        )
    order = await context.gateway.call(
        "POST",
        "/orders",
        body={
            "amount": whole(body.get("amount")),
            "currency": body.get("currency", "INR"),
            "receipt": body.get("receipt"),
            "notes": notes_of(body),
            "capture": "automatic" if _is_captured(body) else "manual",
        },
        idempotency_key=key_of(asked),
    )
    return order_entity(order, attempts=0)


def whole(amount: object) -> object:
    """Return an amount as a number: forms and some clients send text."""
    is_text = isinstance(amount, str) and amount.isascii() and amount.isdigit()
    return int(str(amount)) if is_text and len(str(amount)) < 19 else amount


def _is_captured(body: Mapping[str, Any]) -> bool:
    payment = body.get("payment")
    if isinstance(payment, Mapping):
        return payment.get("capture") == "automatic"
    return body.get("payment_capture") in YES


async def index(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/orders``, the newest first; ``receipt`` finds those with that receipt."""
    query = page_of(asked)
    receipt = dict(asked.query).get("receipt", "")
    if receipt:
        query["q"] = receipt
    page = await context.gateway.call("GET", "/orders", query=query)
    rows = [row for row in page["data"] if not receipt or row["receipt"] == receipt]
    items = [order_entity(row, await _attempts(row, context)) for row in rows]
    return {"entity": "collection", "count": len(items), "items": items}


async def show(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/orders/{order_id}``."""
    order = await context.gateway.call("GET", f"/orders/{quote(asked.places['order_id'], safe='')}")
    return order_entity(order, await _attempts(order, context))


async def _attempts(order: Mapping[str, Any], context: WireContext) -> int:
    if order["status"] == "created":
        return 0
    query = {"order_id": order["id"], "limit": "1"}
    return int((await context.gateway.call("GET", "/payments", query=query))["total"])
