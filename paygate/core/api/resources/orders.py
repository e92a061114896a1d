"""Orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, Field, WithJsonSchema
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.checkout_origins import origins_of_order
from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...errors import InvalidInputError
from ...limits import AMOUNT_MINOR_MAX, TEXT_CHARS_MAX
from ...money import EXPONENTS, Money, amount_minor_min
from ...paging import ORDER_LIST
from ...payments.create import CreateOrder, client_secret, create_order
from ...payments.model import Order
from ...payments.queries import find_order
from ...payments.store import OrderSearch
from ..auth import caller_of_request, check_browser, merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app, dialect_of_app
from ..documented import MADE_AT, MERCHANT_ID, ORDER_ID, Audited, documented, example_page
from ..errors import json_response
from ..fields import (
    Body,
    Notes,
    Request,
    Searched,
    SpanQuery,
    Text,
    checked,
    message_of,
    parse_page,
    refuse_protected,
)
from ..idempotency import once
from ..shapes import At, Minor, OrderId, PageJson, Uuid, maybe_timestamp, page_to_json, timestamp


class OrderPublicJson(TypedDict):
    """An order as the shopper's page sees it."""

    id: OrderId
    amount: Minor
    currency: str
    status: Literal["created", "attempted", "paid"]


class OrderJson(OrderPublicJson):
    """An order, which is paid at most once."""

    merchant_id: Uuid
    receipt: str | None
    notes: dict[str, Any]
    capture: Literal["automatic", "manual"]
    created_at: At
    updated_at: At


class OrderInFullJson(OrderJson):
    """An order with the merchant's fields."""

    client_secret: Annotated[
        str | None,
        Field(description="lets a browser pay this order; null for `read_only` and `support`"),
    ]


def _currency(value: str | None) -> str:
    code = (value or "INR").upper()
    if code not in EXPONENTS:
        raise ValueError("currency must be an ISO 4217 code")
    return code


Currency = Annotated[
    str | None,
    Field(max_length=TEXT_CHARS_MAX),
    AfterValidator(_currency),
    WithJsonSchema(
        {"type": "string", "enum": sorted(EXPONENTS), "default": "INR", "description": "ISO 4217"}
    ),
]


class OrderRequest(Request):
    """Body of ``POST /orders``."""

    amount: int = Field(
        le=AMOUNT_MINOR_MAX,
        description="in minor units: 50000 is ₹500.00, or ¥50000; "
        "at least 100, or 1 in a currency without decimals",
        json_schema_extra={"minimum": 1},
    )
    currency: Currency = "INR"
    receipt: Text | None = Field(None, description="the merchant's reference")
    notes: Notes = None
    capture: Literal["automatic", "manual"] | None = Field(
        "automatic", description="manual holds the money until it is captured"
    )


class OrdersQuery(SpanQuery):
    """Query of ``GET /orders``."""

    status: Literal["created", "attempted", "paid"] | None = None
    q: Searched | None = Field(
        None, description="a prefix of the id, or three characters or more of the receipt"
    )


class LinkOfferedJson(TypedDict):
    """A payment link as its shopper sees it."""

    status: Literal["created", "paid", "cancelled", "expired"]
    description: str | None
    expires_at: At | None


class OrderOfferedJson(OrderPublicJson):
    """An order for its checkout page.

    ``allowed_origins`` is missing if any page may frame the checkout, and ``payment_link`` if no
    link created the order.
    """

    allowed_origins: NotRequired[list[str]]
    payment_link: NotRequired[LinkOfferedJson]


def parse_orders(query: Mapping[str, str]) -> OrderSearch:
    """Parse the filters of ``GET /orders``."""
    asked = checked(OrdersQuery, message_of(query))
    return OrderSearch(since=asked.from_, until=asked.to, status=asked.status, text=asked.q)


def parse_order(body: Body, merchant: Merchant) -> CreateOrder:
    """Parse the body of ``POST /orders``.

    Raises:
        InvalidInputError: A field is invalid.
    """
    refuse_protected(body)
    asked = checked(OrderRequest, body)
    currency = asked.currency or "INR"
    least = amount_minor_min(currency)
    if asked.amount < least:
        raise InvalidInputError(f"amount must be at least {least}", field="amount")
    return CreateOrder(
        merchant=merchant,
        amount=Money(asked.amount, currency),
        receipt=asked.receipt,
        notes=asked.notes or {},
        capture_mode=asked.capture or "automatic",
    )


def order_to_json(order: Order) -> OrderJson:
    """Return a row of ``GET /orders``."""
    return {
        "id": order.id,
        "merchant_id": str(order.merchant_id),
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "receipt": order.receipt,
        "notes": dict(order.notes),
        "capture": order.capture_mode,
        "status": order.status,
        "created_at": timestamp(order.created_at),
        "updated_at": timestamp(order.updated_at),
    }


def order_in_full_to_json(order_: Order, client_secret: str | None) -> OrderInFullJson:
    """Return the response of ``POST /orders`` and ``GET /orders/{id}``."""
    return {**order_to_json(order_), "client_secret": client_secret}


def order_public_to_json(order: Order) -> OrderPublicJson:
    """Return an order for the shopper's page."""
    return {
        "id": order.id,
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "status": order.status,
    }


def order_offered_to_json(
    order: Order, origins: Sequence[str] | None, *, at: datetime
) -> OrderOfferedJson:
    """Return an order for its checkout page, with the origins that may frame it.

    Args:
        order: The order.
        origins: The origins; None for any.
        at: The time at which its payment link is shown.
    """
    public = order_public_to_json(order)
    shown: OrderOfferedJson = {
        "id": public["id"],
        "amount": public["amount"],
        "currency": public["currency"],
        "status": public["status"],
    }
    if origins is not None:
        shown["allowed_origins"] = list(origins)
    if order.link is not None:
        shown["payment_link"] = {
            "status": order.link_status(at=at),
            "description": order.link.description,
            "expires_at": maybe_timestamp(order.link.expires_at),
        }
    return shown


ORDER_REQUEST_EXAMPLE = {
    "amount": 50_000,
    "currency": "INR",
    "receipt": "receipt_123",
    "notes": {"customer_name": "Asha Rao"},
}
ORDER_PUBLIC_EXAMPLE: OrderPublicJson = {
    "id": ORDER_ID,
    "amount": 50_000,
    "currency": "INR",
    "status": "created",
}
ORDER_EXAMPLE: OrderJson = {
    **ORDER_PUBLIC_EXAMPLE,
    "merchant_id": MERCHANT_ID,
    "receipt": "receipt_123",
    "notes": {"customer_name": "Asha Rao"},
    "capture": "automatic",
    "created_at": MADE_AT,
    "updated_at": MADE_AT,
}
ORDER_IN_FULL_EXAMPLE: OrderInFullJson = {
    **ORDER_EXAMPLE,
    "client_secret": f"{ORDER_ID}_secret_5f2b8c0d9e7a41f3b6c2d8e0f1a29384",
}


routes = Blueprint("orders", __name__)


@routes.post("/orders")
@documented(
    "Create an order",
    OrderInFullJson,
    ORDER_IN_FULL_EXAMPLE,
    status=201,
    needs=Role.DEVELOPER,
    audit=Audited("order.create", of_people_only=True, shows=("amount", "currency", "receipt")),
    body=OrderRequest,
    body_examples={"example": ORDER_REQUEST_EXAMPLE},
    takes_key=True,
)
async def create() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_order(body, merchant)
        order = await create_order(command, bound)
        return order_in_full_to_json(order, client_secret(order.id, bound)), 201

    return await once(merchant.id, deps, do)


@routes.get("/orders")
@documented(
    "List orders",
    PageJson[OrderJson],
    example_page(ORDER_EXAMPLE),
    query=OrdersQuery,
)
async def index() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    search = parse_orders(request.args)
    asked = parse_page(request.args, ORDER_LIST)
    page = await deps.storage.orders.page(merchant.id, asked, search)
    return json_response(page_to_json(page, order_to_json))


@routes.get("/orders/<order_id>")
@documented("Show an order", OrderInFullJson, ORDER_IN_FULL_EXAMPLE)
async def show(order_id: str) -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    order = await find_order(order_id, caller.merchant, deps)
    # The secret also allows cancelling: only roles that may create payments receive it.
    may_pay = caller.role.covers(Role.DEVELOPER)
    secret = client_secret(order.id, deps) if may_pay else None
    return json_response(order_in_full_to_json(order, secret))


@routes.get("/orders/<order_id>/public")
@documented(
    "Show an order to a shopper",
    OrderOfferedJson,
    ORDER_PUBLIC_EXAMPLE,
    access="browser",
    refuses=frozenset({400}),
)
async def show_public(order_id: str) -> Response:
    deps = deps_of_app()
    await check_browser(order_id, deps)
    order = await dialect_of_app().implied_order(order_id, request.args, deps)
    order = order or await find_order(order_id, None, deps)
    origins = await origins_of_order(order.id, deps)
    return json_response(order_offered_to_json(order, origins, at=deps.clock.now()))
