"""The webhooks of the OpenAPI document: the body of each event, with an example.

The examples are made by the model and by ``EventBodies``, as real bodies are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from ..event import Change, EventType
from ..instrument import Instrument
from ..money import Money
from ..outcome import Approved, DeclineCode, Declined
from ..payments.model import CaptureMode, Order, Payment, PaymentLink, Refund
from ..webhooks.model import EndpointSettings
from .documented import LINK_ID, MADE_AT, MERCHANT_ID, ORDER_ID, PAID_AT, PAYMENT_ID
from .event_bodies import (
    EndpointEventJson,
    EventBodies,
    LinkEventJson,
    PaymentEventJson,
    RefundEventJson,
    TestEventJson,
)

Json = dict[str, Any]
SUMMARIES: Mapping[EventType, str] = {
    EventType.PAYMENT_CREATED: "A payment was created",
    EventType.PAYMENT_PENDING: "A payment waits for its processor",
    EventType.PAYMENT_AUTHORIZED: "The money of a payment is held until it is captured",
    EventType.PAYMENT_CAPTURED: "A part of the held money was captured",
    EventType.PAYMENT_CAPTURE_FAILED: "A capture was declined",
    EventType.PAYMENT_CANCELLED: "Held money was released",
    EventType.PAYMENT_CANCEL_FAILED: "Held money could not be released",
    EventType.PAYMENT_SUCCESS: "A payment succeeded",
    EventType.PAYMENT_FAILED: "A payment failed",
    EventType.REFUND_CREATED: "A refund was created",
    EventType.REFUND_PROCESSED: "A refund succeeded",
    EventType.REFUND_FAILED: "A refund was declined",
    EventType.PAYMENT_LINK_PAID: "A payment link was paid",
    EventType.PAYMENT_LINK_CANCELLED: "A payment link was cancelled",
    EventType.PAYMENT_LINK_EXPIRED: "A payment link has expired",
    EventType.ENDPOINT_DISABLED: "A webhook endpoint was disabled",
    EventType.TEST: "A test event was requested",
}
AT = datetime.fromisoformat(PAID_AT)
AMOUNT, PART = Money(50_000, "INR"), Money(20_000, "INR")
REFUND_ID, EVENT_ID = "rfnd_K7fL2mNp9QsT4vXz", "evt_Q2wE4rT6yU8iO0pA"
ENDPOINT_ID = "5f2d8a30-6c1e-4b7f-9d41-2e8c7b6a5094"
HEADERS: tuple[tuple[str, str], ...] = (
    ("webhook-id", "the event's id, the same for all attempts"),
    ("webhook-timestamp", "unix seconds of this attempt"),
    ("webhook-signature", "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`"),
)


BODIES: Mapping[str, Any] = {
    "payment": PaymentEventJson,
    "refund": RefundEventJson,
    "payment_link": LinkEventJson,
    "endpoint": EndpointEventJson,
    "webhook": TestEventJson,
}
"""Family of events -> the model of their bodies."""


def body_kind(type: EventType) -> Any:
    """Return the model of an event's body."""
    if type is EventType.PAYMENT_LINK_PAID:
        return PaymentEventJson
    return BODIES[type.partition(".")[0]]


def webhooks_section(schema_of: Mapping[EventType, Json]) -> Json:
    """Return the section ``webhooks`` of the document.

    Args:
        schema_of: The schema of the body of each event.
    """
    examples = example_bodies()
    return {type: {"post": _webhook(type, schema_of[type], examples[type])} for type in EventType}


def _webhook(type: EventType, schema: Json, example: Json) -> Json:
    words = type.replace(".", "_").split("_")
    named = {"properties": {"event": {"const": type, "type": "string"}}}
    media = {"schema": {"allOf": [schema, named]}, "examples": {"example": {"value": example}}}
    return {
        "operationId": "on" + "".join(word.capitalize() for word in words),
        "summary": SUMMARIES[type],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "schema": {"type": "string"},
                "description": about,
            }
            for name, about in HEADERS
        ],
        "requestBody": {"required": True, "content": {"application/json": media}},
        "responses": {"2XX": {"description": "Received; the event is not sent again."}},
    }


def example_bodies() -> Mapping[EventType, Json]:
    """Return one body of each type of event."""
    bodies, found = EventBodies(), dict[str, bytes]()
    for change in _payments():
        for event in change.events:
            found.setdefault(event.type, bodies.payment_event(event, change.after))
    for refund, change in _refunds():
        (event,) = change.events
        found[event.type] = bodies.refund_event(event, refund, change.after)
    expired = _order("automatic")
    cancelled = expired.cancel_link(at=expired.created_at)
    for type, order in (
        (EventType.PAYMENT_LINK_CANCELLED, cancelled),
        (EventType.PAYMENT_LINK_EXPIRED, expired),
    ):
        status = order.link_status(at=AT)
        found[type] = bodies.link_event(type, order, status, AT, is_payment_in_progress=False)
    type, test = EventType.ENDPOINT_DISABLED, EventType.TEST
    found[type] = bodies.endpoint_event(type, _endpoint(), "failing", AT)
    found[test] = bodies.test_event(test, EVENT_ID, AT)
    return {type: json.loads(found[type]) for type in EventType}


def _payments() -> Iterator[Change[Payment]]:
    """Yield changes of payments that have every event of a payment."""
    yield _opened("automatic")
    sent = _sent("automatic")
    yield sent.apply(Approved("ref", AMOUNT), at=AT)
    yield sent.apply(Declined(DeclineCode.INSUFFICIENT_FUNDS), at=AT)
    held = _sent("manual").apply(Approved("ref", AMOUNT), at=AT)
    yield held
    capturing = held.after.request_capture(PART, at=AT).after
    yield capturing.complete_capture(PART, is_captured=True, is_final=False, at=AT)
    yield capturing.complete_capture(PART, is_captured=False, is_final=False, at=AT)
    voiding = held.after.request_void(at=AT).after
    yield voiding.complete_void(is_released=True, at=AT)
    yield voiding.complete_void(is_released=False, at=AT)


def _refunds() -> Iterator[tuple[Refund, Change[Payment]]]:
    """Yield refunds, and the changes of their payment."""
    paid = _sent("automatic").apply(Approved("ref", AMOUNT), at=AT).after
    created = Refund(REFUND_ID, PAYMENT_ID, paid.merchant_id, PART, "customer asked", "pending", AT)
    reserved = paid.reserve_refund(PART, at=AT)
    yield created, reserved
    for outcome in (Approved("ref", PART), Declined(DeclineCode.PROCESSING_ERROR)):
        settled = created.settle(outcome, at=AT)
        is_refunded = settled.status == "processed"
        yield settled, reserved.after.complete_refund(PART, is_refunded=is_refunded, at=AT)


def _sent(mode: CaptureMode) -> Payment:
    return _opened(mode).after.process(at=AT).after


def _opened(mode: CaptureMode) -> Change[Payment]:
    upi = Instrument("upi", "collect", {"vpa": "asha@paytm"})
    order = _order(mode)
    at = order.created_at
    return Payment.open(order, id=PAYMENT_ID, instrument=upi, processor="upi_sim", at=at)


def _order(mode: CaptureMode) -> Order:
    at, merchant_id = datetime.fromisoformat(MADE_AT), UUID(MERCHANT_ID)
    link = PaymentLink(LINK_ID, "Two lessons", AT)
    return Order(
        ORDER_ID, merchant_id, AMOUNT, None, {}, "created", at, at, capture_mode=mode, link=link
    )


def _endpoint() -> EndpointSettings:
    return EndpointSettings(
        id=UUID(ENDPOINT_ID),
        merchant_id=UUID(MERCHANT_ID),
        url="https://shop.example/hooks",
        description="Books",
        events=("*",),
        is_default=False,
        secret=None,
        secret_hint=None,
        previous_secret=None,
        previous_until=None,
        is_sealed=False,
        is_previous_sealed=False,
        disabled_at=AT,
        disabled_reason="failing",
        consecutive_failures=0,
        first_failure_at=None,
        created_at=AT,
        updated_at=AT,
    )
