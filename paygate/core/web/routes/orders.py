"""Orders."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...services.create_order import create_order
from ...services.deps import Deps
from ...services.queries import find_order
from .. import parse, present
from ..auth import merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import once


def blueprint(deps: Deps) -> Blueprint:
    """``/orders``."""
    routes = Blueprint("orders", __name__)

    @routes.post("/orders")
    async def create() -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.order(body, merchant)
            return present.order(await create_order(command, bound)), 201

        return await once(merchant, deps, do)

    @routes.get("/orders")
    async def index() -> Response:
        merchant = await merchant_of_request(deps)
        limit, offset = parse.page(request.args)
        page = await deps.storage.orders.page(merchant.id, limit=limit, offset=offset)
        return json_response(present.page(page, present.order))

    @routes.get("/orders/<order_id>")
    async def show(order_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        return json_response(present.order(await find_order(order_id, merchant, deps)))

    @routes.get("/orders/<order_id>/public")
    async def show_public(order_id: str) -> Response:
        return json_response(present.order_public(await find_order(order_id, None, deps)))

    return routes
