"""Refunds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from paygate import WireContext, WireRefusal, WireRequest

from .entities import refund_entity
from .orders import whole
from .reading import body_of, key_of, notes_of, page_of, payment_of

KIND = "refund of all that is left"
# As long as the gateway keeps idempotency keys.
KEPT = timedelta(days=1)


async def create(asked: WireRequest, context: WireContext) -> Any:
    """``POST /v1/payments/{payment_id}/refund``: without ``amount``, of all that is left.

    ``POST /v1/refunds`` names the payment in its body.
    """
    body = body_of(asked)
    payment_id = asked.places.get("payment_id") or str(body.get("payment_id") or "")
    if not payment_id:
        raise WireRefusal(
            400, "BAD_REQUEST_ERROR", "The payment id field is required.", field="payment_id"
        )
    payment = await payment_of(payment_id, context)
    amount = whole(body.get("amount"))
    if amount is None:
        amount = await _all_that_is_left(asked, payment, context)
    refund = await context.gateway.call(
        "POST",
        f"/payments/{quote(payment['id'], safe='')}/refunds",
        body={"amount": amount, "notes": notes_of(body)},
        idempotency_key=key_of(asked),
    )
    return refund_entity(refund, payment["currency"])


async def _all_that_is_left(
    asked: WireRequest, payment: Mapping[str, Any], context: WireContext
) -> int:
    """Return the amount of a refund without one.

    Raises:
        WireRefusal: Nothing is left.
    """
    left = int(payment["amount_captured"] - payment["amount_refunded"])
    key = key_of(asked)
    if key is not None:
        # A repeated request refunds what the first one did, not what is left after it.
        id, amount = sha256(key.encode(errors="replace")).hexdigest(), {"amount": left}
        records = context.records
        stored = await records.get(KIND, id)
        if stored is None and left:
            stored = await records.put(KIND, id, amount, version=0, keep=KEPT)
            stored = stored or await records.get(KIND, id)
        left = left if stored is None else int(stored.data["amount"])
    if payment["amount_captured"] and not left:
        raise WireRefusal(400, "BAD_REQUEST_ERROR", "The payment has been fully refunded already")
    return left


async def of_payment(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/payments/{payment_id}/refunds``."""
    payment = await payment_of(asked.places["payment_id"], context)
    page = await context.gateway.call(
        "GET", f"/payments/{quote(payment['id'], safe='')}/refunds", query=page_of(asked)
    )
    items = [refund_entity(row, payment["currency"]) for row in page["data"]]
    return {"entity": "collection", "count": len(items), "items": items}


async def index(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/refunds``, the newest first."""
    page = await context.gateway.call("GET", "/refunds", query=page_of(asked))
    items = [await _entity(row, context) for row in page["data"]]
    return {"entity": "collection", "count": len(items), "items": items}


async def show(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/refunds/{refund_id}``, also below its payment."""
    path = f"/refunds/{quote(asked.places['refund_id'], safe='')}"
    refund = await context.gateway.call("GET", path)
    if asked.places.get("payment_id", refund["payment_id"]) != refund["payment_id"]:
        raise WireRefusal(404, "NOT_FOUND_ERROR", "The id provided does not exist")
    return await _entity(refund, context)


async def _entity(refund: dict[str, Any], context: WireContext) -> dict[str, Any]:
    payment = await payment_of(refund["payment_id"], context)
    return refund_entity(refund, payment["currency"])
