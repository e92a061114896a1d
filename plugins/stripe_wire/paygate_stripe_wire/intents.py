"""Read and write what a PaymentIntent is made of."""

from __future__ import annotations

from typing import Any

from paygate import Record, WireRefusal

from .call import Call, secret_of
from .errors import NOT_FOUND, UNEXPECTED_STATE, StripeError, missing
from .shapes import (
    Intent,
    Row,
    charge_object,
    customer_object,
    intent_object,
    method_object,
)

KIND = "payment_intent"
ROWS_MAX = 100
OBJECTS = {"customer": customer_object, "payment_method": method_object}
WITHOUT_RECORD: Row = {"payment_method": None, "capture_method": "automatic"}


def order_id_of(id: str, *, param: str = "id") -> str:
    """Return the order that a PaymentIntent is.

    Raises:
        StripeError: The id is not one of a PaymentIntent.
    """
    if not id.startswith("pi_"):
        raise missing("payment_intent", id, param=param)
    return f"order_{id.removeprefix('pi_')}"


async def intent_of(call: Call, id: str, *, param: str = "id") -> Intent:
    """Return a PaymentIntent.

    Raises:
        StripeError: The merchant has none with that id.
    """
    order_id = order_id_of(id, param=param)
    record = await call.stored(KIND, id)
    if record is not None:
        return await intent_with(record, call)
    try:
        order = await call.get("/orders", order_id)
    except WireRefusal as refusal:
        if refusal.status == NOT_FOUND:
            raise missing("payment_intent", id, param=param) from None
        raise
    # It was created with paygate's own API.
    capture = "manual" if order["capture"] == "manual" else "automatic"
    return Intent(
        order["id"],
        order["amount"],
        order["currency"],
        order["created_at"],
        {**WITHOUT_RECORD, "capture_method": capture},
        await _payments(call, order["id"], {}),
        client_secret=secret_of(order),
    )


async def intent_with(record: Record, call: Call) -> Intent:
    """Return the PaymentIntent of a record."""
    order_id, url, cancelled_at = order_id_of(record.id), None, None
    if record.data.get("link") is None:
        order = await call.get("/orders", order_id)
        secret = secret_of(order)
    else:
        order = await call.get("/payment-links", record.data["link"])
        url, cancelled_at = order["url"], order["cancelled_at"]
        secret = secret_of({"client_secret": (url or "").partition("#client_secret=")[2] or None})
    return Intent(
        order_id,
        order["amount"],
        order["currency"],
        order["created_at"],
        record.data,
        await _payments(call, order_id, record.data),
        cancelled_at,
        url,
        secret,
    )


async def _payments(call: Call, order_id: str, data: Row) -> list[Row]:
    """Return the payments, the newest first.

    While a test clock stands still, all have the same time; the record knows their order.
    """
    page = await call.get("/payments", order_id=order_id, limit=str(ROWS_MAX))
    began = {id: place for place, id in enumerate(data.get("methods") or {})}

    def age(row: Row) -> tuple[bool, str, int]:
        # At most one payment has not ended without success; none begins after it.
        is_over = row["status"] in {"failed", "cancelled"}
        return not is_over, row["created_at"], began.get(row["id"], -1)

    return sorted(page["data"], key=age, reverse=True)


async def record_of(call: Call, intent: Intent) -> Record:
    """Return the record of a PaymentIntent; one of paygate's own API gets its record now."""
    return await call.stored(KIND, intent.id) or await call.add(
        KIND, intent.id, {**intent.data, "link": None}
    )


async def shown(intent: Intent, call: Call, *, prefix: str = "") -> dict[str, Any]:
    """Return a PaymentIntent, with what the request expands.

    Args:
        intent: The PaymentIntent.
        call: The request.
        prefix: ``data.`` in a list.
    """
    body = intent_object(intent)
    for name in call.params.expanded():
        field = name.removeprefix(prefix)
        if field == "latest_charge":
            found = [row for row in intent.payments if row["status"] != "pending"]
            body[field] = charge_object(found[0], intent.data) if found else None
        elif field in {"customer", "payment_method"}:
            stored = body[field] and await call.stored(field, body[field])
            body[field] = OBJECTS[field](stored) if stored else body[field]
        else:
            raise StripeError(
                400,
                f"This property cannot be expanded ({name[:100]})",
                param="expand",
                code="parameter_invalid",
            )
    return body


def unexpected(intent: Intent, what: str) -> StripeError:
    """Return the refusal of something that the status does not allow."""
    return StripeError(
        400,
        f"You cannot {what} this PaymentIntent because it has a status of {intent.status}.",
        code=UNEXPECTED_STATE,
        more={"payment_intent": intent_object(intent)},
    )
