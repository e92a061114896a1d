"""Checkout Sessions: payment links with the hosted page on which a shopper pays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from paygate import Record, WireRefusal

from .call import REPLY, Call
from .customers import customer_of
from .errors import CODES, UNEXPECTED_STATE, StripeError, missing
from .forms import Params, invalid
from .intents import KIND as INTENT
from .intents import intent_of
from .intents import shown as intent_shown
from .line_items import item_objects, items_of, total_of
from .lists import limit_of, records_page
from .shapes import Intent, Row, customer_object, intent_id, page, unix

KIND = "checkout_session"
PATH = "/v1/checkout/sessions"
LIVES, LIVES_MIN = timedelta(hours=24), timedelta(minutes=30)
BYTES_MAX = 40_000
URLS = ("success_url", "cancel_url")
TEXTS = (*URLS, "client_reference_id", "customer_email")
INTENT_TEXTS = ("description", "receipt_email", "statement_descriptor", "setup_future_usage")
# They change the page, or say things that a simulated payment does not need.
WITHOUT_EFFECT = (
    *("locale", "submit_type", "billing_address_collection", "phone_number_collection"),
    *("payment_method_types", "customer_creation", "ui_mode"),
)
NOT_OPEN = 'Only Checkout Sessions with a status in ["open"] and without a payment can be expired.'


async def create(call: Call) -> Any:
    """``POST /v1/checkout/sessions``, for a payment of items with ``price_data``.

    Raises:
        StripeError: A parameter is wrong or not supported.
    """
    params = call.params
    names = ("mode", "line_items", "expires_at", "metadata", "customer", "payment_intent_data")
    params.only(*names, *TEXTS, *WITHOUT_EFFECT)
    params.required("mode")
    params.choice("mode", ("payment",))
    params.choice("ui_mode", ("hosted", "hosted_page"))
    params.required("success_url")
    items = items_of(params)
    data: dict[str, Any] = {name: params.text(name, chars_max=5000) for name in TEXTS}
    data |= {"items": items, "metadata": params.metadata(), "customer": params.text("customer")}
    if data["customer"] is not None:
        await customer_of(call, data["customer"], param="customer")
    intent_data = _intent_data(params)
    if len(json.dumps([data, intent_data]).encode()) > BYTES_MAX:
        raise invalid("line_items", "This Checkout Session is too large for paygate")
    link = await call.post(
        "/payment-links",
        {
            "amount": total_of(items),
            "currency": items[0]["currency"].upper(),
            "capture": "manual" if intent_data["capture_method"] == "manual" else "automatic",
            "description": (intent_data.get("description") or items[0]["name"])[:255],
            "notes": intent_data["metadata"] or None,
            "expires_at": (await _expires_at(call)).isoformat(),
        },
        step="create",
    )
    id = call.new_id("cs_test_", 40)
    made = {"link": link["id"], "created_at": link["created_at"]}
    ends = {"order": link["order_id"], "expires_at": link["expires_at"]}
    intent = {**intent_data, **made, "customer": data["customer"], "session": id}
    await call.add(INTENT, intent_id(link["order_id"]), intent)
    record = await call.add(KIND, id, {**data, **made, **ends})
    return await _shown(record, call)


def _intent_data(params: Params) -> dict[str, Any]:
    """Return what the PaymentIntent of a Session keeps."""
    given = Params(params.fields("payment_intent_data"))
    given.only(*INTENT_TEXTS, "capture_method", "metadata", "shipping")
    methods = ("automatic", "automatic_async", "manual")
    return {
        **{name: given.text(name) for name in INTENT_TEXTS},
        "capture_method": given.choice("capture_method", methods) or "automatic_async",
        "metadata": given.metadata(),
        "shipping": dict(given.fields("shipping")) or None,
        "payment_method": None,
    }


async def _expires_at(call: Call) -> datetime:
    """Return the end of a new Session: a repeated request gets the same one."""
    now, given = call.context.clock.now(), call.params.whole("expires_at")
    if given is None:
        end = int((now + LIVES).timestamp())
        if call.has_key:
            end = (await call.add(REPLY, f"{call.key} expires", {"at": end})).data["at"]
        return datetime.fromtimestamp(end, UTC)
    if not (now + LIVES_MIN).timestamp() <= given + 1 <= (now + LIVES).timestamp() + 2:
        raise invalid("expires_at", "expires_at must be 30 minutes to 24 hours from now")
    return datetime.fromtimestamp(given, UTC)


async def session_of(call: Call, id: str, *, param: str = "id") -> Record:
    """Return the record of a Session.

    Raises:
        StripeError: The merchant has none with that id.
    """
    found = await call.stored(KIND, id)
    if found is None:
        raise missing("checkout.session", id, param=param)
    return found


async def show(call: Call) -> Any:
    """``GET /v1/checkout/sessions/{id}``."""
    call.params.only()
    return await _shown(await session_of(call, call.place("id")), call)


async def index(call: Call) -> Any:
    """``GET /v1/checkout/sessions``, the newest first."""
    call.params.only("limit", "starting_after", "customer", "payment_intent")
    customer, intent = call.params.text("customer"), call.params.text("payment_intent")

    def is_wanted(data: Mapping[str, Any]) -> bool:
        return customer in {None, data["customer"]} and intent in {None, intent_id(data["order"])}

    rows, has_more = await records_page(call, KIND, "checkout.session", is_wanted)
    found = [await _shown(row, call, prefix="data.") for row in rows]
    return page(PATH, found, has_more=has_more)


async def line_items(call: Call) -> Any:
    """``GET /v1/checkout/sessions/{id}/line_items``."""
    call.params.only("limit", "starting_after")
    record, limit = await session_of(call, call.place("id")), limit_of(call)
    items = item_objects(record.data["items"], record.id, _created(record))
    if (start := call.params.text("starting_after")) is not None:
        ids = [item["id"] for item in items]
        if start not in ids:
            raise missing("line_item", start, param="starting_after")
        items = items[ids.index(start) + 1 :]
    url = f"{PATH}/{record.id}/line_items"
    return page(url, items[:limit], has_more=len(items) > limit)


async def expire(call: Call) -> Any:
    """``POST /v1/checkout/sessions/{id}/expire``: no payment of it begins any more.

    Raises:
        StripeError: A payment has begun, or the Session has ended before.
    """
    call.params.only()
    record = await session_of(call, call.place("id"))
    is_repeated = record.data.get("expired_by") == call.key
    if (await _shown(record, call))["status"] != "open" and not is_repeated:
        raise StripeError(400, NOT_OPEN)

    def note(data: dict[str, Any]) -> None:
        data["expired_by"] = call.key

    record = await call.change(record, note)
    path = f"/payment-links/{quote(record.data['link'], safe='')}/cancel"
    try:
        await call.post(path, {"if_unused": True}, step="expire")
    except WireRefusal as refusal:
        if CODES.get(refusal.reason or "") == UNEXPECTED_STATE:
            raise StripeError(400, NOT_OPEN) from None
        raise
    return await _shown(record, call)


async def _shown(record: Record, call: Call, *, prefix: str = "") -> dict[str, Any]:
    """Return a Session, with what the request expands."""
    link = await call.get("/payment-links", record.data["link"])
    intent = await intent_of(call, intent_id(record.data["order"]))
    body = session_object(record, link, intent)
    for name in call.params.expanded():
        field = name.removeprefix(prefix)
        if field == "line_items":
            items = item_objects(record.data["items"], record.id, _created(record))
            body[field] = page(f"{PATH}/{record.id}/line_items", items, has_more=False)
        elif field == "payment_intent":
            plain = Call(call.asked, call.context, Params({}), call.key)
            body[field] = body[field] and await intent_shown(intent, plain)
        elif field == "customer":
            stored = body[field] and await call.stored(field, body[field])
            body[field] = customer_object(stored) if stored else body[field]
        else:
            raise StripeError(400, f"This property cannot be expanded ({name[:100]})")
    return body


def _created(record: Record) -> int:
    return unix(record.data["created_at"])


def status_of(link: Row, intent: Intent) -> str:
    """Return the status of a Session."""
    if any(row["status"] in {"authorized", "success", "cancelled"} for row in intent.payments):
        return "complete"
    is_ended = link["status"] in {"cancelled", "expired"} and not link["payment_in_progress"]
    return "expired" if is_ended else "open"


def session_object(record: Record, link: Row, intent: Intent) -> dict[str, Any]:
    """Return a Session.

    Args:
        record: What only the dialect has of it.
        link: The payment link that it is.
        intent: The PaymentIntent of the link's order.
    """
    data, status = record.data, status_of(link, intent)
    total = total_of(data["items"])
    nothing = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
    details = {"email": data["customer_email"], "name": None, "phone": None, "address": None}
    return {
        "id": record.id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "cancel_url": data["cancel_url"],
        "client_reference_id": data["client_reference_id"],
        "client_secret": None,
        "created": _created(record),
        "currency": data["items"][0]["currency"],
        "customer": data["customer"],
        "customer_details": details if data["customer_email"] else None,
        "customer_email": data["customer_email"],
        "expires_at": unix(data["expires_at"]),
        "livemode": False,
        "metadata": dict(data["metadata"]),
        "mode": "payment",
        # There it exists as soon as the shopper has begun to pay.
        "payment_intent": intent.id if intent.payments else None,
        "payment_method_types": ["card"],
        "payment_status": "paid" if intent.status == "succeeded" else "unpaid",
        "status": status,
        "success_url": data["success_url"],
        "total_details": nothing,
        "ui_mode": "hosted",
        "url": link["url"] if status == "open" and link["status"] == "created" else None,
    }
