"""Refunds."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...accounts.model import Role
from ...deps import Deps
from ...payments.follow_up import create_refund
from ...payments.queries import find_refund
from .. import parse, present
from ..auth import merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import once
from ..openapi import Audited, documented, examples
from ..wire import answers as wire
from ..wire import lists, request_bodies


def blueprint(deps: Deps) -> Blueprint:
    """``/refunds`` and ``/payments/{id}/refunds``."""
    routes = Blueprint("refunds", __name__)

    async def refund(payment_id: str | None) -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.refund(body, payment_id, merchant)
            return present.refund_created(await create_refund(command, bound)), 201

        return await once(merchant.id, deps, do)

    @routes.post("/payments/<payment_id>/refunds")
    @documented(
        "Refund a payment",
        wire.RefundCreated,
        examples.REFUND_CREATED,
        status=201,
        needs=Role.SUPPORT,
        audit=Audited("refund.create", shows=("amount", "reason")),
        body=request_bodies.RefundRequest,
        body_examples={"example": examples.REFUND_REQUEST},
        takes_key=True,
    )
    async def create(payment_id: str) -> Response:
        return await refund(payment_id)

    @routes.post("/refunds")
    @documented(
        "Refund the payment that the body names",
        wire.RefundCreated,
        examples.REFUND_CREATED,
        status=201,
        needs=Role.SUPPORT,
        audit=Audited("refund.create", shows=("payment_id", "amount", "reason")),
        body=request_bodies.RefundOfPaymentRequest,
        body_examples={"example": {**examples.REFUND_REQUEST, "payment_id": examples.PAYMENT_ID}},
        takes_key=True,
        refuses=frozenset({404}),
    )
    async def create_by_body() -> Response:
        return await refund(None)

    @routes.get("/refunds")
    @documented(
        "List refunds",
        wire.Page[wire.Refund],
        examples.page(examples.REFUND),
        query=lists.RefundsQuery,
    )
    async def index() -> Response:
        merchant = await merchant_of_request(deps)
        limit, offset = parse.page(request.args)
        search = parse.refunds(request.args)
        page = await deps.storage.refunds.page(
            merchant.id, limit=limit, offset=offset, search=search
        )
        return json_response(present.page(page, present.refund_in_full))

    @routes.get("/refunds/<refund_id>")
    @documented("Show a refund", wire.Refund, examples.REFUND)
    async def show(refund_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        return json_response(present.refund_in_full(await find_refund(refund_id, merchant, deps)))

    return routes
