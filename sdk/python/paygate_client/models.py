"""The API's responses. Written by `make clients` from paygate's OpenAPI document; do not edit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from .decoding import Model


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery(Model):
    """A delivery of an event to an endpoint."""

    id: str
    event: str
    status: Literal["pending", "success", "failed"]
    attempts: int
    created_at: datetime
    last_attempt_at: datetime | None
    next_retry_at: datetime | None
    response_code: int | None
    response_body: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointRef(Model):
    """The endpoint of a delivery."""

    id: str
    url: str | None
    """Null if it was deleted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Try(Model):
    """An attempt of a delivery."""

    ordinal: int
    """Number of the attempt."""
    started_at: datetime
    finished_at: datetime
    took_ms: int | None
    url: str | None
    request_headers: dict[str, str]
    status_code: int | None
    error: str | None
    response_body: str | None
    """Its first 4 KiB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryInFull(Model):
    """A delivery with its body and its attempts."""

    id: str
    event: str
    status: Literal["pending", "success", "failed"]
    attempts: int
    created_at: datetime
    last_attempt_at: datetime | None
    next_retry_at: datetime | None
    response_code: int | None
    response_body: str | None
    event_id: str
    payment_id: str | None
    endpoint: EndpointRef
    payload: dict[str, Any]
    """The body, the same in every attempt."""
    tries: list[Try]
    """The oldest first; if there are too many, the newest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRetried(Model):
    """A delivery that is due again."""

    id: str
    status: Literal["pending"]
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointShort(Model):
    """The endpoint in the form of another gateway."""

    url: str | None
    secret: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint(Model):
    """The default endpoint, in every form that clients read."""

    id: str
    name: str
    email: str
    api_key: str = field(repr=False)
    webhook_url: str | None
    webhook_secret: str | None = field(repr=False)
    created_at: datetime
    success: bool
    message: str
    data: EndpointShort


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointTested(Model):
    """A test event that was enqueued."""

    delivery_id: str
    event: str
    endpoint_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Order(Model):
    """An order, which is paid at most once."""

    id: str
    amount: int
    """Minor units of the currency."""
    currency: str
    status: Literal["created", "attempted", "paid"]
    merchant_id: str
    receipt: str | None
    notes: dict[str, Any]
    capture: Literal["automatic", "manual"]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderInFull(Model):
    """An order with the merchant's fields."""

    id: str
    amount: int
    """Minor units of the currency."""
    currency: str
    status: Literal["created", "attempted", "paid"]
    merchant_id: str
    receipt: str | None
    notes: dict[str, Any]
    capture: Literal["automatic", "manual"]
    created_at: datetime
    updated_at: datetime
    client_secret: str | None = field(repr=False)
    """Lets a browser pay this order; null for `read_only` and `support`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NextAction(Model):
    """What the shopper has to do before there is a final outcome."""

    type: Literal["redirect", "three_ds", "upi_intent", "qr", "upi_collect", "otp", "wait"]
    expires_at: datetime
    data: dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment(Model):
    """A payment of an order, with all fields."""

    id: str
    order_id: str
    amount: int
    """Minor units of the currency."""
    currency: str
    method: str
    status: Literal["pending", "authorized", "success", "failed", "cancelled"]
    created_at: datetime
    order_receipt: str | None
    """For shoppers, with `PAYGATE_PROFILE=open-demo` only: the order id of the request, if the
    order has another id.
    """
    vpa: str | None
    card_network: str | None
    card_last4: str | None
    merchant_id: str
    substatus: Literal[
        "pending",
        "processing",
        "unknown",
        "authorized",
        "capturing",
        "voiding",
        "success",
        "failed",
        "cancelled",
    ]
    """The detailed status."""
    captured: bool
    amount_authorized: int
    """Minor units of the currency."""
    amount_captured: int
    """Minor units of the currency."""
    amount_refunded: int
    """Minor units of the currency."""
    error_code: str | None
    error_description: str | None
    decline_code: str | None
    processor: str
    scenario: str | None
    """Scenario that simulated processors play."""
    notes: dict[str, Any] | None
    """Missing in events."""
    next_action: NextAction | None
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentCreated(Model):
    """A new payment. Its method may add fields of the instrument."""

    id: str
    order_id: str
    amount: int
    """Minor units of the currency."""
    currency: str
    method: str
    status: Literal["pending", "authorized", "success", "failed", "cancelled"]
    created_at: datetime
    order_receipt: str | None
    """For shoppers, with `PAYGATE_PROFILE=open-demo` only: the order id of the request, if the
    order has another id.
    """
    vpa: str | None
    card_network: str | None
    card_last4: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentLink(Model):
    """A payment link: an order with an address at which a shopper pays it, once."""

    id: str
    order_id: str
    url: str | None
    """The hosted page; null for `read_only` and `support`."""
    status: Literal["created", "paid", "cancelled", "expired"]
    """`paid` also if a payment that began before its end pays it."""
    payment_in_progress: bool
    """A payment has begun and may still pay the link."""
    amount: int
    """Minor units of the currency."""
    currency: str
    description: str | None
    receipt: str | None
    notes: dict[str, Any]
    capture: Literal["automatic", "manual"]
    expires_at: datetime | None
    cancelled_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentMoved(Model):
    """A payment after a capture or cancel request."""

    id: str
    order_id: str
    amount: int
    """Minor units of the currency."""
    currency: str
    method: str
    status: Literal["pending", "authorized", "success", "failed", "cancelled"]
    created_at: datetime
    order_receipt: str | None
    """For shoppers, with `PAYGATE_PROFILE=open-demo` only: the order id of the request, if the
    order has another id.
    """
    vpa: str | None
    card_network: str | None
    card_last4: str | None
    substatus: Literal[
        "pending",
        "processing",
        "unknown",
        "authorized",
        "capturing",
        "voiding",
        "success",
        "failed",
        "cancelled",
    ]
    captured: bool
    amount_captured: int
    """Minor units of the currency."""
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered(Model):
    """Deliveries that were resent, or would be."""

    dry_run: bool
    matching: int
    resent: int
    """At most 10 000 in one call."""
    sample: list[Delivery]
    """The oldest of them."""
    next_since: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund(Model):
    """A refund with all fields."""

    id: str
    payment_id: str
    amount: int
    """Minor units of the currency."""
    reason: str | None
    status: Literal["pending", "processed", "failed"]
    created_at: datetime
    processed_at: datetime | None
    notes: dict[str, Any] | None
    """Missing without any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundCreated(Model):
    """A new refund."""

    id: str
    payment_id: str
    amount: int
    """Minor units of the currency."""
    reason: str | None
    status: Literal["pending", "processed", "failed"]
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEvent(Model):
    """An event, with the body of its webhooks."""

    id: str
    """The same in webhooks and in the event stream."""
    type: str
    payment_id: str | None
    """Null for an event that is about no payment."""
    created_at: datetime
    request_id: str | None
    """`X-Request-Id` of the request that caused it; null if there was none, as for a
    processor's response to a payment.
    """
    payload: dict[str, Any]
    """The body of its webhooks, the same in every attempt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TestEventSent(Model):
    """A test event that was enqueued."""

    status: Literal["success"]
    message: str
    id: str
    webhook_id: str
    scheduled: bool
    event: str
    attempts: int
    response_code: None
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEntry(Model):
    """An entry of a payment's timeline."""

    at: datetime
    what: str
    """A sentence for people; it may change."""
    note: str | None
    """Details for people; they may change."""
    kind: Literal[
        "transition",
        "operation",
        "plugin_call",
        "callback",
        "event",
        "delivery",
        "attempt",
        "refund",
        "decision",
    ]
    id: str
    """Of the operation, the event, the refund, …."""
    data: dict[str, Any]
    """Data of the kind, without secrets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline(Model):
    """The timeline of a payment, oldest first."""

    data: list[TimelineEntry]
    truncated: bool
    """There are more entries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookEndpoint(Model):
    """A webhook endpoint."""

    id: str
    url: str | None
    description: str | None
    events: list[str]
    sink: str | None
    is_enabled: bool
    is_default: bool
    """It is the merchant's default endpoint."""
    disabled_reason: Literal["manual", "gone", "failing"] | None
    disabled_at: datetime | None
    consecutive_failures: int
    first_failure_at: datetime | None
    breaker: Literal["closed", "open", "half_open"]
    """Not `closed`: it did not answer, and gets one attempt at a time."""
    breaker_open_since: datetime | None
    unanswered: int
    """Attempts in a row without an answer."""
    secret_hint: str | None
    """The secret's last characters."""
    previous_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookEndpointWithSecret(Model):
    """An endpoint with its new secret, which is shown only once."""

    id: str
    url: str | None
    description: str | None
    events: list[str]
    sink: str | None
    is_enabled: bool
    is_default: bool
    """It is the merchant's default endpoint."""
    disabled_reason: Literal["manual", "gone", "failing"] | None
    disabled_at: datetime | None
    consecutive_failures: int
    first_failure_at: datetime | None
    breaker: Literal["closed", "open", "half_open"]
    """Not `closed`: it did not answer, and gets one attempt at a time."""
    breaker_open_since: datetime | None
    unanswered: int
    """Attempts in a row without an answer."""
    secret_hint: str | None
    """The secret's last characters."""
    previous_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookEndpoints(Model):
    """The merchant's endpoints, the default endpoint first."""

    data: list[WebhookEndpoint]


class CardInput(TypedDict):
    """A card, as the payer entered it."""

    number: str
    expiry_month: str | int
    expiry_year: str | int
    cvv: NotRequired[str | int | None]
    holder_name: NotRequired[str | None]
