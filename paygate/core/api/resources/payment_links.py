"""Payment links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...paging import LINK_LIST, Page
from ...payments.links import (
    CreateLink,
    LinkState,
    cancel_link,
    create_link,
    find_link,
    link_states,
    link_url,
)
from ...payments.store import LinkSearch
from ..auth import caller_of_request, merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import LINK_ID, MADE_AT, ORDER_ID, Audited, documented, example_page
from ..errors import json_response
from ..fields import (
    Body,
    Request,
    SpanQuery,
    Text,
    TimeField,
    checked,
    message_of,
    parse_page,
)
from ..idempotency import once
from ..shapes import At, LinkId, Minor, OrderId, PageJson, maybe_timestamp, page_to_json, timestamp
from .orders import ORDER_REQUEST_EXAMPLE, OrderRequest, parse_order

Status = Literal["created", "paid", "cancelled", "expired"]
EXPIRES_AT = "2026-01-22T10:30:00.000Z"


class PaymentLinkJson(TypedDict):
    """A payment link: an order with an address at which a shopper pays it, once."""

    id: LinkId
    order_id: OrderId
    url: Annotated[
        str | None,
        Field(description="the hosted page; null for `read_only` and `support`"),
    ]
    status: Annotated[
        Status, Field(description="`paid` also if a payment that began before its end pays it")
    ]
    payment_in_progress: Annotated[
        bool, Field(description="a payment has begun and may still pay the link")
    ]
    amount: Minor
    currency: str
    description: str | None
    receipt: str | None
    notes: dict[str, Any]
    capture: Literal["automatic", "manual"]
    expires_at: At | None
    cancelled_at: At | None
    created_at: At
    updated_at: At


class PaymentLinkRequest(OrderRequest):
    """Body of ``POST /payment-links``."""

    description: Text | None = Field(
        None, description="what the shopper pays for; the page shows it"
    )
    expires_at: TimeField | None = Field(
        None, description="from then on no payment begins; without it, the link has no end"
    )


class CancelLinkRequest(Request):
    """Body of ``POST /payment-links/{id}/cancel``; optional."""

    if_unused: bool = Field(
        False, description="refuse it if a payment has begun and may still pay the link"
    )


class PaymentLinksQuery(SpanQuery):
    """Query of ``GET /payment-links``."""

    status: Status | None = None


def parse_link(body: Body, merchant: Merchant) -> CreateLink:
    """Parse the body of ``POST /payment-links``."""
    order = parse_order(body, merchant)
    asked = checked(PaymentLinkRequest, body)
    return CreateLink(order, asked.description, asked.expires_at)


def parse_links(query: Mapping[str, str], now: datetime) -> LinkSearch:
    """Parse the filters of ``GET /payment-links``."""
    asked = checked(PaymentLinksQuery, message_of(query))
    return LinkSearch(since=asked.from_, until=asked.to, status=asked.status, at=now)


def payment_link_to_json(state: LinkState, url: str | None) -> PaymentLinkJson:
    """Return a payment link.

    Args:
        state: The link.
        url: Its address; None for a caller that may not know the order's secret.
    """
    order, link = state.order, state.link
    return {
        "id": link.id,
        "order_id": order.id,
        "url": url,
        "status": state.status,
        "payment_in_progress": state.is_payment_in_progress,
        "amount": order.amount.minor,
        "currency": order.amount.currency,
        "description": link.description,
        "receipt": order.receipt,
        "notes": dict(order.notes),
        "capture": order.capture_mode,
        "expires_at": maybe_timestamp(link.expires_at),
        "cancelled_at": maybe_timestamp(link.cancelled_at),
        "created_at": timestamp(order.created_at),
        "updated_at": timestamp(order.updated_at),
    }


PAYMENT_LINK_REQUEST_EXAMPLE = {
    **ORDER_REQUEST_EXAMPLE,
    "description": "Two cups of tea",
}
PAYMENT_LINK_EXAMPLE: PaymentLinkJson = {
    "id": LINK_ID,
    "order_id": ORDER_ID,
    "url": f"https://pay.example/checkout?order_id={ORDER_ID}"
    f"#client_secret={ORDER_ID}_secret_5f2b8c0d9e7a41f3b6c2d8e0f1a29384",
    "status": "created",
    "payment_in_progress": False,
    "amount": 50_000,
    "currency": "INR",
    "description": "Two cups of tea",
    "receipt": "receipt_123",
    "notes": {"customer_name": "Asha Rao"},
    "capture": "automatic",
    "expires_at": EXPIRES_AT,
    "cancelled_at": None,
    "created_at": MADE_AT,
    "updated_at": MADE_AT,
}
PAYMENT_LINK_CANCELLED_EXAMPLE: PaymentLinkJson = {
    **PAYMENT_LINK_EXAMPLE,
    "status": "cancelled",
    "cancelled_at": MADE_AT,
}

routes = Blueprint("payment_links", __name__)


@routes.post("/payment-links")
@documented(
    "Create a payment link",
    PaymentLinkJson,
    PAYMENT_LINK_EXAMPLE,
    status=201,
    needs=Role.DEVELOPER,
    audit=Audited(
        "payment_link.create",
        of_people_only=True,
        shows=("amount", "currency", "receipt", "description", "expires_at"),
    ),
    body=PaymentLinkRequest,
    body_examples={"example": PAYMENT_LINK_REQUEST_EXAMPLE},
    takes_key=True,
    about="Creates an order and returns the address of a hosted page on which a shopper pays it, "
    "once. The events of its payments name the order.",
)
async def create() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        state = await create_link(parse_link(body, merchant), bound)
        return payment_link_to_json(state, link_url(state.order, bound)), 201

    return await once(merchant.id, deps, do)


@routes.get("/payment-links")
@documented(
    "List payment links",
    PageJson[PaymentLinkJson],
    example_page(PAYMENT_LINK_EXAMPLE),
    query=PaymentLinksQuery,
)
async def index() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    search = parse_links(request.args, deps.clock.now())
    asked = parse_page(request.args, LINK_LIST)
    page = await deps.storage.links.page(caller.merchant.id, asked, search)
    states = await link_states(page.rows, deps)
    shown: Page[LinkState] = Page(
        states, page.total, page.limit, page.offset, page.is_bounded, page.next
    )
    return json_response(
        page_to_json(shown, lambda state: _shown(state, may_pay=_may_pay(caller.role), deps=deps))
    )


@routes.get("/payment-links/<link_id>")
@documented("Show a payment link", PaymentLinkJson, PAYMENT_LINK_EXAMPLE)
async def show(link_id: str) -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    state = await find_link(link_id, caller.merchant, deps)
    return json_response(_shown(state, may_pay=_may_pay(caller.role), deps=deps))


@routes.post("/payment-links/<link_id>/cancel")
@documented(
    "Cancel a payment link",
    PaymentLinkJson,
    PAYMENT_LINK_CANCELLED_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("payment_link.cancel"),
    body=CancelLinkRequest,
    body_is_optional=True,
    body_examples={"in any case": {}, "if no payment has begun": {"if_unused": True}},
    takes_key=True,
    about="No payment of the link begins any more. One that has begun may end, and may pay the "
    "link: see `payment_in_progress`. With `if_unused` such a link is not cancelled.",
)
async def cancel(link_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        asked = checked(CancelLinkRequest, body)
        state = await cancel_link(link_id, merchant, bound, if_unused=asked.if_unused)
        return payment_link_to_json(state, link_url(state.order, bound)), 200

    return await once(merchant.id, deps, do)


def _may_pay(role: Role) -> bool:
    # The address contains the order's secret, see `show` of orders.
    return role.covers(Role.DEVELOPER)


def _shown(state: LinkState, *, may_pay: bool, deps: Deps) -> PaymentLinkJson:
    return payment_link_to_json(state, link_url(state.order, deps) if may_pay else None)
