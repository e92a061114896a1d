"""Payment links."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from paygate import WireContext, WireRefusal, WireRequest

from .entities import Row, unix
from .orders import whole
from .reading import YES, body_of, key_of, number, page_of


async def create(asked: WireRequest, context: WireContext) -> Any:
    """``POST /v1/payment_links``. It notifies no customer and sends no reminders."""
    body = body_of(asked)
    if body.get("accept_partial") in YES:
        raise WireRefusal(
            400, "BAD_REQUEST_ERROR", "Partial payments are not supported", field="accept_partial"
        )
    expires_s = number(body, "expire_by", 0)
    link = await context.gateway.call(
        "POST",
        "/payment-links",
        body={
            "amount": whole(body.get("amount")),
            "currency": body.get("currency", "INR"),
            "description": body.get("description"),
            "receipt": body.get("reference_id"),
            "notes": body.get("notes") or None,
            "expires_at": datetime.fromtimestamp(expires_s, UTC).isoformat() if expires_s else None,
        },
        idempotency_key=key_of(asked),
    )
    return link_entity(link)


async def index(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/payment_links``, the newest first."""
    page = await context.gateway.call("GET", "/payment-links", query=page_of(asked))
    return {"payment_links": [link_entity(row) for row in page["data"]]}


async def show(asked: WireRequest, context: WireContext) -> Any:
    """``GET /v1/payment_links/{link_id}``."""
    return link_entity(await context.gateway.call("GET", _path(asked)))


async def cancel(asked: WireRequest, context: WireContext) -> Any:
    """``POST /v1/payment_links/{link_id}/cancel``."""
    link = await context.gateway.call(
        "POST", f"{_path(asked)}/cancel", idempotency_key=key_of(asked)
    )
    return link_entity(link)


def _path(asked: WireRequest) -> str:
    return f"/payment-links/{quote(asked.places['link_id'], safe='')}"


def link_entity(link: Row) -> dict[str, Any]:
    """Return a payment link."""
    return {
        "id": link["id"],
        "entity": "payment_link",
        "accept_partial": False,
        "amount": link["amount"],
        "amount_paid": link["amount"] if link["status"] == "paid" else 0,
        "currency": link["currency"],
        "customer": {},
        "description": link["description"],
        "expire_by": unix(link["expires_at"]) if link["expires_at"] else 0,
        "cancelled_at": unix(link["cancelled_at"]) if link["cancelled_at"] else 0,
        "notes": link["notes"] or None,
        "order_id": link["order_id"],
        "reference_id": link["receipt"] or "",
        "reminder_enable": False,
        "short_url": link["url"],
        "status": link["status"],
        "created_at": unix(link["created_at"]),
        "updated_at": unix(link["updated_at"]),
    }
