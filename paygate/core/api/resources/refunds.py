"""Refunds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...paging import REFUND_LIST
from ...payments.follow_up import CreateRefund, create_refund
from ...payments.model import Refund
from ...payments.queries import find_payment, find_refund
from ...payments.store import RefundSearch
from ..auth import merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import PAID_AT, PAYMENT_ID, Audited, documented, example_page
from ..errors import json_response
from ..fields import (
    ID_CHARS_MAX,
    Body,
    Notes,
    PageQuery,
    Reason,
    RefundAmount,
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
from ..shapes import (
    At,
    Minor,
    PageJson,
    PaymentId,
    RefundId,
    maybe_timestamp,
    page_to_json,
    timestamp,
)


class RefundCreatedJson(TypedDict):
    """A new refund."""

    id: RefundId
    payment_id: PaymentId
    amount: Minor
    reason: str | None
    status: Literal["pending", "processed", "failed"]
    created_at: At


class RefundJson(RefundCreatedJson):
    """A refund with all fields."""

    processed_at: At | None
    notes: NotRequired[Annotated[dict[str, Any], Field(description="missing without any")]]


class RefundRequest(Request):
    """Body of ``POST /payments/{id}/refunds``."""

    amount: RefundAmount
    reason: Reason | None = Field(None, description="for people")
    notes: Notes = None


class RefundOfPaymentRequest(RefundRequest):
    """Body of ``POST /refunds``."""

    payment_id: Text = Field(min_length=1)


class RefundsQuery(SpanQuery):
    """Query of ``GET /refunds``."""

    status: Literal["pending", "processed", "failed"] | None = None
    payment_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = None


def parse_refunds(query: Mapping[str, str]) -> RefundSearch:
    """Parse the filters of ``GET /refunds``."""
    asked = checked(RefundsQuery, message_of(query))
    return RefundSearch(
        since=asked.from_, until=asked.to, status=asked.status, payment_id=asked.payment_id
    )


def parse_refund(body: Body, payment_id: str | None, merchant: Merchant) -> CreateRefund:
    """Parse the body of ``POST /payments/{id}/refunds`` or ``POST /refunds``."""
    refuse_protected(body)
    if payment_id is None:
        named = checked(RefundOfPaymentRequest, body)
        return _refund(named, named.payment_id, merchant)
    return _refund(checked(RefundRequest, body), payment_id, merchant)


def _refund(asked: RefundRequest, payment_id: str, merchant: Merchant) -> CreateRefund:
    return CreateRefund(merchant, payment_id, asked.amount, asked.reason, asked.notes or None)


def refund_created_to_json(refund: Refund) -> RefundCreatedJson:
    """Return the response of ``POST /payments/{id}/refunds``."""
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "amount": refund.amount.minor,
        "reason": refund.reason,
        "status": refund.status,
        "created_at": timestamp(refund.created_at),
    }


def refund_in_full_to_json(refund: Refund) -> RefundJson:
    """Return the response of ``GET /refunds/{id}``."""
    shown: RefundJson = {
        **refund_created_to_json(refund),  # type: ignore[typeddict-item]  # it has no notes
        "processed_at": maybe_timestamp(refund.processed_at),
    }
    if refund.notes:
        shown["notes"] = dict(refund.notes)
    return shown


REFUND_REQUEST_EXAMPLE = {"amount": 20_000, "reason": "customer asked"}
REFUND_CREATED_EXAMPLE: RefundCreatedJson = {
    "id": "rfnd_K7fL2mNp9QsT4vXz",
    "payment_id": PAYMENT_ID,
    "amount": 20_000,
    "reason": "customer asked",
    "status": "pending",
    "created_at": PAID_AT,
}
REFUND_EXAMPLE: RefundJson = {
    **REFUND_CREATED_EXAMPLE,  # type: ignore[typeddict-item]  # it has no notes
    "status": "processed",
    "processed_at": "2026-01-15T10:31:10.120Z",
}


routes = Blueprint("refunds", __name__)


async def refund(payment_id: str | None) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_refund(body, payment_id, merchant)
        return refund_created_to_json(await create_refund(command, bound)), 201

    return await once(merchant.id, deps, do)


@routes.post("/payments/<payment_id>/refunds")
@documented(
    "Refund a payment",
    RefundCreatedJson,
    REFUND_CREATED_EXAMPLE,
    status=201,
    needs=Role.SUPPORT,
    audit=Audited("refund.create", shows=("amount", "reason")),
    body=RefundRequest,
    body_examples={"example": REFUND_REQUEST_EXAMPLE},
    takes_key=True,
)
async def create(payment_id: str) -> Response:
    return await refund(payment_id)


@routes.get("/payments/<payment_id>/refunds")
@documented(
    "List refunds of a payment",
    PageJson[RefundJson],
    example_page(REFUND_EXAMPLE),
    query=PageQuery,
)
async def index_of_payment(payment_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    payment = await find_payment(payment_id, merchant, deps)
    asked = parse_page(request.args, REFUND_LIST)
    search = RefundSearch(payment_id=payment.id)
    page = await deps.storage.refunds.page(merchant.id, asked, search)
    return json_response(page_to_json(page, refund_in_full_to_json))


@routes.post("/refunds")
@documented(
    "Refund a payment named in the body",
    RefundCreatedJson,
    REFUND_CREATED_EXAMPLE,
    status=201,
    needs=Role.SUPPORT,
    audit=Audited("refund.create", shows=("payment_id", "amount", "reason")),
    body=RefundOfPaymentRequest,
    body_examples={"example": {**REFUND_REQUEST_EXAMPLE, "payment_id": PAYMENT_ID}},
    takes_key=True,
    refuses=frozenset({404}),
    operation_id="createRefund",
)
async def create_by_body() -> Response:
    return await refund(None)


@routes.get("/refunds")
@documented(
    "List refunds",
    PageJson[RefundJson],
    example_page(REFUND_EXAMPLE),
    query=RefundsQuery,
)
async def index() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    search = parse_refunds(request.args)
    asked = parse_page(request.args, REFUND_LIST)
    page = await deps.storage.refunds.page(merchant.id, asked, search)
    return json_response(page_to_json(page, refund_in_full_to_json))


@routes.get("/refunds/<refund_id>")
@documented("Show a refund", RefundJson, REFUND_EXAMPLE)
async def show(refund_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    return json_response(refund_in_full_to_json(await find_refund(refund_id, merchant, deps)))
