"""The bodies of webhook events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from ..event import Event, EventType
from ..money import Money
from ..payments.model import LinkStatus, Order, Payment, Refund
from ..webhooks.model import DisabledReason, EndpointSettings
from .bodies import write
from .resources.payments import PaymentJson, instrument_to_json, payment_to_json
from .resources.refunds import RefundJson, refund_in_full_to_json
from .shapes import At, LinkId, Minor, PaymentId, RefundId, Uuid, maybe_timestamp, timestamp

EventTime = Annotated[int, Field(description="unix seconds")]


class PaidLinkJson(TypedDict):
    """The payment link that a payment has paid."""

    id: LinkId
    order_id: str
    status: Literal["paid"]


@with_config({"extra": "allow"})
class PaymentEventDataJson(TypedDict):
    """The payment, and its fields beside it. Its method may add fields of the instrument."""

    payment: PaymentJson
    payment_id: PaymentId
    paymentId: PaymentId
    order_id: str
    amount: Minor
    currency: str
    method: str
    created_at: At
    reason: NotRequired[Annotated[str, Field(description="why the payment failed")]]
    payment_link: NotRequired[
        Annotated[PaidLinkJson, Field(description="of `payment_link.paid` only")]
    ]


class PaymentEventJson(TypedDict):
    """The body of an event of a payment."""

    event: str
    timestamp: EventTime
    created_at: At
    data: PaymentEventDataJson


class RefundEventDataJson(TypedDict):
    """The refund, and its fields beside it."""

    refund: RefundJson
    refund_id: RefundId
    refundId: RefundId
    payment_id: PaymentId
    paymentId: PaymentId
    order_id: str
    amount: Minor
    currency: str
    reason: str | None
    created_at: At
    processed_at: At | None


class RefundEventJson(TypedDict):
    """The body of an event of a refund."""

    event: str
    timestamp: EventTime
    created_at: At
    data: RefundEventDataJson


class EndedLinkJson(TypedDict):
    """A payment link that can no longer be paid."""

    id: LinkId
    order_id: str
    status: LinkStatus
    payment_in_progress: Annotated[bool, Field(description="it may still pay the order")]
    amount: Minor
    currency: str
    description: str | None
    receipt: str | None
    expires_at: At | None
    cancelled_at: At | None
    created_at: At


class LinkEventDataJson(TypedDict):
    """The payment link."""

    payment_link: EndedLinkJson
    order_id: str


class LinkEventJson(TypedDict):
    """The body of an event of a payment link that was cancelled or has expired."""

    event: str
    timestamp: EventTime
    created_at: At
    data: LinkEventDataJson


class DisabledEndpointJson(TypedDict):
    """An endpoint that was disabled."""

    id: Uuid
    url: str | None
    description: str | None
    is_default: bool
    disabled_reason: DisabledReason
    disabled_at: At


class EndpointEventDataJson(TypedDict):
    """The endpoint."""

    endpoint: DisabledEndpointJson


class EndpointEventJson(TypedDict):
    """The body of an event of an endpoint."""

    event: str
    timestamp: EventTime
    created_at: At
    data: EndpointEventDataJson


class TestEventDataJson(TypedDict):
    """What a test event says."""

    message: str
    sample_id: str


class TestEventJson(TypedDict):
    """The body of a test event."""

    event: str
    timestamp: EventTime
    created_at: At
    data: TestEventDataJson


class EventBodies:
    """Serializes events; see ``EventPresenter``.

    One body serves every documented reader: it contains the payment, and its fields once
    more beside it. It contains no floats, no keys that look like numbers and no notes, so
    that a reader that parses and serializes it again gets the same bytes.
    """

    def __init__(self) -> None:
        self._last: tuple[Payment, PaymentJson] | None = None

    def _shown(self, payment: Payment) -> PaymentJson:
        """Return the payment's JSON; a change often has several events."""
        if self._last is None or self._last[0] is not payment:
            shown = payment_to_json(payment)
            shown.pop("notes", None)
            self._last = (payment, shown)
        return self._last[1]

    def type_of(self, event: Event) -> str:
        return event.type

    def payment_event(self, event: Event, payment_: Payment) -> bytes:
        shown = self._shown(payment_)
        flat: dict[str, Any] = {
            "payment_id": payment_.id,
            "paymentId": payment_.id,
            "order_id": payment_.order_id,
            "amount": _amount(event, payment_).minor,
            "currency": payment_.amount.currency,
            "method": payment_.instrument.method,
            **instrument_to_json(payment_),
            "created_at": shown["created_at"],
        }
        if payment_.decline:
            flat["reason"] = payment_.decline.description
        if event.type == EventType.PAYMENT_LINK_PAID:
            flat["payment_link"] = {
                "id": payment_.link_id,
                "order_id": payment_.order_id,
                "status": "paid",
            }
        return _event(self.type_of(event), event.occurred_at, {"payment": shown, **flat})

    def refund_event(self, event: Event, refund: Refund, payment_: Payment) -> bytes:
        shown = refund_in_full_to_json(refund)
        shown.pop("notes", None)
        flat = {
            "refund_id": refund.id,
            "refundId": refund.id,
            "payment_id": payment_.id,
            "paymentId": payment_.id,
            "order_id": payment_.order_id,
            "amount": refund.amount.minor,
            "currency": refund.amount.currency,
            "reason": refund.reason,
            "created_at": shown["created_at"],
            "processed_at": shown["processed_at"],
        }
        return _event(self.type_of(event), event.occurred_at, {"refund": shown, **flat})

    def test_event(self, event_type: str, event_id: str, at: datetime) -> bytes:
        data = {"message": "This is a test event from paygate", "sample_id": event_id}
        return _event(event_type, at, data)

    def link_event(
        self,
        event_type: str,
        order: Order,
        status: LinkStatus,
        at: datetime,
        *,
        is_payment_in_progress: bool,
    ) -> bytes:
        link = order.link
        assert link is not None, "the order was created by a payment link"
        shown = {
            "id": link.id,
            "order_id": order.id,
            "status": status,
            "payment_in_progress": is_payment_in_progress,
            "amount": order.amount.minor,
            "currency": order.amount.currency,
            "description": link.description,
            "receipt": order.receipt,
            "expires_at": maybe_timestamp(link.expires_at),
            "cancelled_at": maybe_timestamp(link.cancelled_at),
            "created_at": timestamp(order.created_at),
        }
        return _event(event_type, at, {"payment_link": shown, "order_id": order.id})

    def endpoint_event(
        self, event_type: str, endpoint: EndpointSettings, reason: DisabledReason, at: datetime
    ) -> bytes:
        shown = {
            "id": str(endpoint.id),
            "url": endpoint.url,
            "description": endpoint.description,
            "is_default": endpoint.is_default,
            "disabled_reason": reason,
            "disabled_at": timestamp(at),
        }
        return _event(event_type, at, {"endpoint": shown})


def _amount(event: Event, payment: Payment) -> Money:
    """Return the amount of the event: never more than was captured or held."""
    match event.type:
        case EventType.PAYMENT_SUCCESS | EventType.PAYMENT_CAPTURED | EventType.PAYMENT_LINK_PAID:
            return payment.amount_captured
        case EventType.PAYMENT_AUTHORIZED:
            return payment.amount_authorized
        case _:
            return payment.amount


def _event(type: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    return write(
        {
            "event": type,
            "timestamp": int(at.timestamp()),
            "created_at": timestamp(at),
            "data": data,
        }
    )
