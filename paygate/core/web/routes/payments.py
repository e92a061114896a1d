"""Payments."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...domain.limits import LIST_ROWS_MAX
from ...services.capture_payment import capture_payment
from ...services.create_payment import create_payment
from ...services.deps import Deps
from ...services.queries import find_payment
from .. import parse, present
from ..auth import merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import once
from . import dialects


def blueprint(deps: Deps) -> Blueprint:
    """``/payments``. The fixed words stand before ``{id}``."""
    routes = Blueprint("payments", __name__)

    @routes.post("/payments")
    async def create() -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.payment(dialects.payment(body), merchant)
            return present.payment_created(await create_payment(command, bound)), 201

        return await once(merchant, deps, do)

    @routes.post("/payments/public")
    async def create_public() -> Response:
        command = parse.payment(dialects.payment(await body_of_request()), None)
        return json_response(present.payment_created(await create_payment(command, deps)), 201)

    @routes.get("/payments")
    async def index() -> Response:
        if "limit" not in request.args and "offset" not in request.args:
            return await everything()
        merchant = await merchant_of_request(deps)
        limit, offset = parse.page(request.args)
        page = await deps.storage.payments.page(merchant.id, limit=limit, offset=offset)
        return json_response(present.page(page, present.payment))

    @routes.get("/payments/list")
    async def everything() -> Response:
        merchant = await merchant_of_request(deps)
        page = await deps.storage.payments.page(merchant.id, limit=LIST_ROWS_MAX, offset=0)
        return json_response([present.payment(payment) for payment in page.rows])

    @routes.get("/payments/stats")
    async def stats() -> Response:
        merchant = await merchant_of_request(deps)
        return json_response(present.totals(await deps.storage.payments.totals(merchant.id)))

    @routes.get("/payments/<payment_id>")
    async def show(payment_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        return json_response(present.payment(await find_payment(payment_id, merchant, deps)))

    @routes.post("/payments/<payment_id>/capture")
    async def capture(payment_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.capture(body, payment_id, merchant)
            return present.payment_captured(await capture_payment(command, bound)), 200

        return await once(merchant, deps, do)

    @routes.get("/payments/<payment_id>/timeline")
    async def timeline(payment_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        payment = await find_payment(payment_id, merchant, deps)
        story = await deps.storage.payments.timeline(payment.id)
        return json_response(present.timeline(story))

    @routes.get("/payments/<payment_id>/public")
    async def show_public(payment_id: str) -> Response:
        return json_response(present.payment_public(await find_payment(payment_id, None, deps)))

    return routes
