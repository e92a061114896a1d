"""Orders."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...accounts.checkout_origins import origins_of_order
from ...accounts.model import Role
from ...deps import Deps
from ...payments.create import client_secret, create_order
from ...payments.queries import find_order
from .. import parse, present
from ..auth import caller_of_request, check_browser, merchant_of_request
from ..body import body_of_request
from ..dialect import dialect_of_app
from ..errors import json_response
from ..idempotency import once
from ..openapi import Audited, documented, examples
from ..wire import answers as wire
from ..wire import lists, merchants, request_bodies


def blueprint(deps: Deps) -> Blueprint:
    """``/orders``."""
    routes = Blueprint("orders", __name__)

    @routes.post("/orders")
    @documented(
        "Create an order",
        wire.OrderInFull,
        examples.ORDER_IN_FULL,
        status=201,
        needs=Role.DEVELOPER,
        audit=Audited("order.create", of_people_only=True, shows=("amount", "currency", "receipt")),
        body=request_bodies.OrderRequest,
        body_examples={"example": examples.ORDER_REQUEST},
        takes_key=True,
    )
    async def create() -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.order(body, merchant)
            order = await create_order(command, bound)
            return present.order_in_full(order, client_secret(order.id, bound)), 201

        return await once(merchant.id, deps, do)

    @routes.get("/orders")
    @documented(
        "List orders",
        wire.Page[wire.Order],
        examples.page(examples.ORDER),
        query=lists.OrdersQuery,
    )
    async def index() -> Response:
        merchant = await merchant_of_request(deps)
        limit, offset = parse.page(request.args)
        search = parse.orders(request.args)
        page = await deps.storage.orders.page(
            merchant.id, limit=limit, offset=offset, search=search
        )
        return json_response(present.page(page, present.order))

    @routes.get("/orders/<order_id>")
    @documented("Show an order", wire.OrderInFull, examples.ORDER_IN_FULL)
    async def show(order_id: str) -> Response:
        caller = await caller_of_request(deps)
        order = await find_order(order_id, caller.merchant, deps)
        # With it waiting payments are cancelled too: whoever may not create them has none.
        may_pay = caller.role.covers(Role.DEVELOPER)
        secret = client_secret(order.id, deps) if may_pay else None
        return json_response(present.order_in_full(order, secret))

    @routes.get("/orders/<order_id>/public")
    @documented(
        "Show an order to a shopper",
        merchants.OrderOffered,
        examples.ORDER_PUBLIC,
        access="browser",
        refuses=frozenset({400}),
    )
    async def show_public(order_id: str) -> Response:
        await check_browser(order_id, deps)
        order = await dialect_of_app().implied_order(order_id, request.args, deps)
        order = order or await find_order(order_id, None, deps)
        return json_response(present.order_offered(order, await origins_of_order(order.id, deps)))

    return routes
