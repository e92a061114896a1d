"""What answers look like. ``present`` makes them, the OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from pydantic import Field, with_config
from typing_extensions import TypedDict

from ...payments.store import MomentKind

Row = TypeVar("Row")

Minor = Annotated[int, Field(description="minor units of the currency", examples=[50000])]
At = Annotated[
    str,
    Field(
        description="ISO 8601 in UTC, to the millisecond",
        json_schema_extra={"format": "date-time"},
        examples=["2026-01-15T10:30:00.000Z"],
    ),
]
OrderId = Annotated[str, Field(examples=["order_NXhj67fGH2jk9mPq"])]
PaymentId = Annotated[str, Field(examples=["pay_H8sK3jD9s2L1pQrT"])]
RefundId = Annotated[str, Field(examples=["rfnd_K7fL2mNp9QsT4vXz"])]
Uuid = Annotated[
    str,
    Field(
        json_schema_extra={"format": "uuid"},
        examples=["550e8400-e29b-41d4-a716-446655440000"],
    ),
]
Status = Literal["pending", "authorized", "success", "failed", "cancelled"]
Substatus = Literal[
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


class OrderPublic(TypedDict):
    """What a shopper's page may see of an order."""

    id: OrderId
    amount: Minor
    currency: str
    status: Literal["created", "attempted", "paid"]


class Order(OrderPublic):
    """What is to be paid, at most once."""

    merchant_id: Uuid
    receipt: str | None
    notes: dict[str, Any]
    capture: Literal["automatic", "manual"]
    created_at: At
    updated_at: At


class OrderInFull(Order):
    """An order as its merchant sees it."""

    client_secret: Annotated[
        str | None,
        Field(description="lets a browser pay this order; null for `read_only` and `support`"),
    ]


class NextAction(TypedDict):
    """What the shopper has to do before there is an answer."""

    type: Literal["redirect", "three_ds", "upi_intent", "qr", "upi_collect", "otp", "wait"]
    expires_at: At
    data: dict[str, str]


@with_config({"extra": "allow"})
class PaymentCreated(TypedDict):
    """A new payment. A method may show more of its instrument than is named here."""

    id: PaymentId
    order_id: str
    amount: Minor
    currency: str
    method: str
    status: Status
    created_at: At
    order_receipt: NotRequired[
        Annotated[
            str,
            Field(
                description="to shoppers and only with `PAYGATE_PROFILE=open-demo`: the name under "
                "which the payment was asked for, where its order has an id of its own"
            ),
        ]
    ]
    vpa: NotRequired[str | None]
    card_network: NotRequired[str | None]
    card_last4: NotRequired[str | None]


@with_config({"extra": "allow"})
class PaymentPublic(PaymentCreated):
    """What a shopper's page may see of a payment."""

    updated_at: At
    next_action: NotRequired[NextAction]
    error_code: NotRequired[str]
    error_description: NotRequired[str]


@with_config({"extra": "allow"})
class PaymentMoved(PaymentCreated):
    """A payment that was captured or cancelled, or is about to be."""

    substatus: Substatus
    captured: bool
    amount_captured: Minor
    updated_at: At


@with_config({"extra": "allow"})
class Payment(PaymentCreated):
    """One try at paying an order, in full."""

    merchant_id: Uuid
    substatus: Annotated[Substatus, Field(description="status, more exactly")]
    captured: bool
    amount_authorized: Minor
    amount_captured: Minor
    amount_refunded: Minor
    error_code: Annotated[str | None, Field(examples=["PAYMENT_FAILED"])]
    error_description: str | None
    decline_code: Annotated[str | None, Field(examples=["insufficient_funds"])]
    processor: str
    scenario: Annotated[str | None, Field(description="what simulated processors play")]
    next_action: NextAction | None
    updated_at: At


class RefundCreated(TypedDict):
    """A new refund."""

    id: RefundId
    payment_id: PaymentId
    amount: Minor
    reason: str | None
    status: Literal["pending", "processed", "failed"]
    created_at: At


class Refund(RefundCreated):
    """Money on its way back."""

    processed_at: At | None


class Moment(TypedDict):
    """Something that happened to a payment."""

    at: At
    what: Annotated[str, Field(description="a sentence for people; it may change")]
    kind: MomentKind
    id: Annotated[str, Field(description="of the thing: an operation's, an event's, a refund's")]
    data: Annotated[dict[str, Any], Field(description="facts, by kind, without secrets")]


class Timeline(TypedDict):
    """What happened to a payment, oldest first."""

    data: list[Moment]
    truncated: Annotated[bool, Field(description="there is more than was told")]


class Totals(TypedDict):
    """A merchant's figures."""

    totalTransactions: int
    totalAmount: Annotated[int, Field(description="taken by those that succeeded, in paise")]
    successRate: Annotated[int, Field(description="in percent", ge=0, le=100)]


class Page(TypedDict, Generic[Row]):
    """A slice of a list, newest first."""

    data: list[Row]
    total: int
    limit: int
    offset: int


class TestMerchant(TypedDict):
    """The seeded merchant."""

    id: Uuid
    email: str
    api_key: str
    seeded: bool


class Work(TypedDict):
    """How much work there is, and whether anybody does it."""

    pending: int
    processing: int
    completed: int
    failed: int
    worker_status: Literal["running", "stopped"]


class Health(TypedDict):
    """What is connected."""

    status: Literal["healthy", "unhealthy", "ok", "error"]
    database: Literal["connected", "disconnected"]
    db: str
    redis: Literal["connected", "refusing", "disconnected", "not used"]
    degraded: bool
    worker: NotRequired[Literal["running", "stopped"]]
    timestamp: At
    clock: NotRequired[
        Annotated[Literal["stopped", "shifted"], Field(description="the test clock, if moved")]
    ]
    clock_shift_seconds: NotRequired[
        Annotated[float, Field(description="how far a shifted clock is ahead of the real time")]
    ]
    clock_release: NotRequired[Annotated[str, Field(description="the request that releases it")]]
    profile: NotRequired[str]


class Index(TypedDict):
    """What this is."""

    name: str
    version: str
    health: str
    openapi: str
    docs: str


class ErrorDetail(TypedDict):
    """What went wrong, for programs and for people."""

    code: Annotated[str, Field(examples=["BAD_REQUEST_ERROR"])]
    description: Annotated[str, Field(examples=["amount must be at least 100"])]
    field: NotRequired[Annotated[str, Field(description="of the request", examples=["amount"])]]


class Error(TypedDict):
    """The body of every refusal."""

    error: ErrorDetail


class RouteListed(TypedDict):
    """A path and its methods."""

    path: str
    methods: list[str]


class Received(TypedDict):
    """A webhook was received."""

    status: Literal["success"]
    received: bool
