"""Events: the objects of webhooks, and the list of past ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from paygate import Records, WireRefusal

from .call import Call
from .errors import NOT_FOUND, StripeError, missing
from .forms import invalid
from .intents import KIND, WITHOUT_RECORD
from .line_items import total_of
from .lists import gateway_page
from .refunds import KIND as REFUND
from .sessions import KIND as SESSION
from .sessions import session_object
from .shapes import Intent, Row, intent_id, intent_object, page, refund_id, refund_object, unix

API_VERSION = "2026-10-28.endive"
TYPES_MAX = 20
SECONDS_MAX = 4_102_444_800
"""The year 2100."""
EVENTS = {
    "payment.authorized": "payment_intent.amount_capturable_updated",
    "payment.success": "payment_intent.succeeded",
    "payment.failed": "payment_intent.payment_failed",
    "payment.cancelled": "payment_intent.canceled",
    "refund.created": "refund.created",
    "refund.processed": "refund.updated",
    "refund.failed": "refund.failed",
    "payment_link.paid": "checkout.session.completed",
    "payment_link.cancelled": "checkout.session.expired",
    "payment_link.expired": "checkout.session.expired",
}
"""paygate's event → the dialect's; it has none for the others."""
OF_SESSIONS = frozenset(ours for ours in EVENTS if ours.startswith("payment_link."))
"""The dialect has them only if the payment link is a Checkout Session."""


async def event_object(
    id: str, type: str, created: int, data: Row, records: Records | None
) -> dict[str, Any] | None:
    """Return an event; None if the dialect does not have it.

    Its metadata are those that are stored now.

    Args:
        id: paygate's id of it.
        type: paygate's type of it.
        created: In Unix seconds.
        data: What paygate's webhook contains.
        records: Of the merchant.
    """
    if type in OF_SESSIONS:
        session = await _session(data, records)
        if session is None:
            return None
        shown = session
    elif "refund" in data:
        kept = await _data(REFUND, refund_id(data["refund"]["id"]), records)
        shown = refund_object(data["refund"], data, kept.get("metadata") or {})
    else:
        shown = intent_object(await _intent(data["payment"], records))
    return {
        "id": id,
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "data": {"object": shown},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": EVENTS[type],
    }


async def _intent(payment: Row, records: Records | None) -> Intent:
    id = intent_id(payment["order_id"])
    data = await _data(KIND, id, records)
    return Intent(
        payment["order_id"],
        payment["amount"],
        payment["currency"],
        str(data.get("created_at") or payment["created_at"]),
        {**WITHOUT_RECORD, **data},
        [payment],
    )


async def _session(data: Row, records: Records | None) -> dict[str, Any] | None:
    intent = await _data(KIND, intent_id(data["order_id"]), records)
    if records is None or intent.get("session") is None:
        return None
    record = await records.get(SESSION, intent["session"])
    if record is None:
        return None
    payments = [data["payment"]] if "payment" in data else []
    items = record.data["items"]
    order = Intent(
        data["order_id"],
        total_of(items),
        items[0]["currency"].upper(),
        record.data["created_at"],
        {**WITHOUT_RECORD, **intent},
        payments,
    )
    # An event says what has happened, also if a payment that had begun may still succeed.
    link = {**data["payment_link"], "url": None, "payment_in_progress": False}
    return session_object(record, link, order)


async def _data(kind: str, id: str, records: Records | None) -> Mapping[str, Any]:
    record = await records.get(kind, id) if records is not None else None
    return record.data if record else {}


async def show(call: Call) -> Any:
    """``GET /v1/events/{id}``."""
    call.params.only()
    return await _shown(await _found(call, call.place("id")), call)


async def index(call: Call) -> Any:
    """``GET /v1/events``, the newest first."""
    params = call.params
    params.only("limit", "starting_after", "ending_before", "type", "types", "created")
    types, query = _types(call), _created(call)
    after, before = params.text("starting_after"), params.text("ending_before")
    if after is not None and before is not None:
        raise invalid("ending_before", "Only one of starting_after and ending_before is allowed")
    if not types:
        return page("/v1/events", [], has_more=False)
    rows, has_more = await gateway_page(
        call,
        "/events",
        {**query, "type": ",".join(sorted(types))},
        await _found(call, after, param="starting_after") if after else None,
        before=await _found(call, before, param="ending_before") if before else None,
        wanted=lambda row: _is_ours(row, call),
    )
    shown = [await _shown(row, call) for row in rows]
    return page("/v1/events", [each for each in shown if each is not None], has_more=has_more)


async def _is_ours(row: Row, call: Call) -> bool:
    """Return whether the dialect has an event of the gateway."""
    if row["type"] not in OF_SESSIONS:
        return row["type"] in EVENTS
    record = await call.stored(KIND, intent_id(row["payload"]["data"]["order_id"]))
    return record is not None and record.data.get("session") is not None


def _types(call: Call) -> Collection[str]:
    """Return paygate's types of ``type``, which may have a ``*``, or of ``types``."""
    type, types = call.params.text("type"), call.params.given.get("types")
    if types is None:
        return [ours for ours, theirs in EVENTS.items() if fnmatchcase(theirs, type or "*")]
    if type is not None:
        raise invalid("types", "Only one of type and types is allowed")
    if not isinstance(types, list) or not 1 <= len(types) <= TYPES_MAX:
        raise invalid("types", f"Invalid array: types must name 1 to {TYPES_MAX} events")
    return [ours for ours, theirs in EVENTS.items() if theirs in types]


def _created(call: Call) -> dict[str, str]:
    """Return the gateway's period of ``created``: a second, or its bounds."""
    given = call.params.given.get("created")
    if given is None:
        return {}
    bounds = given if isinstance(given, Mapping) else {"gte": given, "lte": given}
    query: dict[str, str] = {}
    for name, text in bounds.items():
        place = f"created[{name}]"
        is_whole = isinstance(text, str) and text.isascii() and text.isdigit()
        if name not in {"gt", "gte", "lt", "lte"} or not is_whole or int(text) > SECONDS_MAX:
            raise invalid(place, f"Invalid integer: {place} is a time in Unix seconds")
        # The bounds include their whole second; the gateway's end is not included.
        at = datetime.fromtimestamp(int(text) + (name in {"gt", "lte"}), UTC)
        query["from" if name in {"gt", "gte"} else "to"] = at.isoformat()
    return query


async def _found(call: Call, id: str, *, param: str = "id") -> Row:
    """Return an event of the gateway that the dialect has too.

    Raises:
        StripeError: The merchant has none with that id.
    """
    try:
        found: Row = await call.get("/events", id)
    except WireRefusal as refusal:
        if refusal.status == NOT_FOUND:
            raise missing("event", id, param=param) from None
        raise
    if not await _is_ours(found, call):
        raise missing("event", id, param=param)
    return found


async def _shown(row: Row, call: Call) -> dict[str, Any] | None:
    if names := call.params.expanded():
        raise StripeError(400, f"This property cannot be expanded ({min(names)[:100]})")
    return await event_object(
        row["id"],
        row["type"],
        unix(row["created_at"]),
        row["payload"]["data"],
        call.context.records,
    )
