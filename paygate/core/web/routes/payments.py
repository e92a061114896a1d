"""Payments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from quart import Blueprint, Response, request

from ...accounts.model import Role
from ...deps import Deps
from ...errors import ClientError, PluginError
from ...limits import LIST_ROWS_MAX
from ...payments.create import CreatePayment, create_payment, plan_route
from ...payments.follow_up import cancel_payment, capture_payment
from ...payments.queries import find_payment
from ...payments.routing import RoutePlan
from ...payments.scenarios import HEADER
from .. import parse, present
from ..auth import check_browser, merchant_of_request
from ..body import body_of_request
from ..dialect import dialect_of_app
from ..errors import json_response
from ..idempotency import once
from ..openapi import Audited, documented, examples
from ..wire import answers as wire
from ..wire import lists, request_bodies

# Without any of these a list is an array.
PARTICULAR = {field.alias or name for name, field in lists.PaymentsQuery.model_fields.items()}


def blueprint(deps: Deps) -> Blueprint:
    """``/payments``. The fixed words stand before ``{id}``."""
    routes = Blueprint("payments", __name__)

    @routes.post("/payments")
    @documented(
        "Pay an order",
        wire.PaymentCreated,
        examples.PAYMENT_CREATED,
        status=201,
        needs=Role.DEVELOPER,
        audit=Audited("payment.create", of_people_only=True, shows=("order_id", "method")),
        body=request_bodies.PaymentRequest,
        body_examples=examples.PAYMENT_REQUESTS,
        takes_key=True,
        about="The processor is asked afterwards: the payment is pending, and a webhook tells "
        "how it ended. The order's amount is charged, whatever the request says.",
        refuses=frozenset({404}),
    )
    async def create() -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        asked = request.headers.get(HEADER)

        def read() -> CreatePayment:
            return parse.payment(dialect_of_app().payment_body(body), merchant, scenario=asked)

        route = await _route(read, deps)

        async def do(bound: Deps) -> tuple[object, int]:
            command = await dialect_of_app().with_order(read(), body, merchant.id, bound)
            made = await create_payment(replace(command, route=route), bound)
            return present.payment_created(made), 201

        return await once(merchant.id, deps, do)

    @routes.post("/payments/public")
    @documented(
        "Pay an order as its shopper",
        wire.PaymentCreated,
        examples.PAYMENT_CREATED,
        status=201,
        access="browser",
        body=request_bodies.PaymentRequest,
        body_examples=examples.PAYMENT_REQUESTS,
        takes_key=True,
        refuses=frozenset({404}),
    )
    async def create_public() -> Response:
        body = await body_of_request()
        dialect, scenario = dialect_of_app(), request.headers.get(HEADER)
        command = parse.payment(dialect.payment_body(body), None, scenario=scenario)
        await check_browser(command.order_id, deps, body)
        owner = await dialect.owner_of_order(command.order_id, deps)
        route = await _route(lambda: command, deps)

        async def do(bound: Deps) -> tuple[object, int]:
            named = await dialect.with_order(command, body, owner, bound)
            made = await create_payment(replace(named, route=route), bound)
            return await dialect.with_receipt(present.payment_created(made), made, bound), 201

        # A shopper's keys are kept apart from the merchant's own.
        return await once(owner, deps, do, scope=command.order_id)

    @routes.get("/payments")
    @documented(
        "List payments",
        list[wire.Payment] | wire.Page[wire.Payment],
        examples.page(examples.PAYMENT),
        query=lists.PaymentsQuery,
        about="An array of the newest; asked for anything particular, a page in an envelope.",
    )
    async def index() -> Response:
        if PARTICULAR.isdisjoint(request.args):
            return await everything()
        merchant = await merchant_of_request(deps)
        limit, offset = parse.page(request.args)
        search = parse.payments(request.args)
        page = await deps.storage.payments.page(
            merchant.id, limit=limit, offset=offset, search=search
        )
        return json_response(present.page(page, present.payment))

    @routes.get("/payments/list")
    @documented("List the newest payments", list[wire.Payment], [examples.PAYMENT])
    async def everything() -> Response:
        merchant = await merchant_of_request(deps)
        page = await deps.storage.payments.page(merchant.id, limit=LIST_ROWS_MAX, offset=0)
        return json_response([present.payment(payment) for payment in page.rows])

    @routes.get("/payments/stats")
    @documented("Sum payments up", wire.Totals, examples.TOTALS)
    async def stats() -> Response:
        merchant = await merchant_of_request(deps)
        return json_response(present.totals(await deps.storage.payments.totals(merchant.id)))

    @routes.get("/payments/<payment_id>")
    @documented("Show a payment", wire.Payment, examples.PAYMENT)
    async def show(payment_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        return json_response(present.payment(await find_payment(payment_id, merchant, deps)))

    @routes.post("/payments/<payment_id>/capture")
    @documented(
        "Capture a payment",
        wire.PaymentMoved,
        examples.PAYMENT_CAPTURED,
        needs=Role.SUPPORT,
        audit=Audited("payment.capture", shows=("amount", "final")),
        body=request_bodies.CaptureRequest,
        body_is_optional=True,
        body_examples={"all": {}, "a part": {"amount": 20_000}},
        takes_key=True,
        about="Takes held money, all or a part; or confirms that money was taken at once.",
    )
    async def capture(payment_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.capture(body, payment_id, merchant)
            return present.payment_moved(await capture_payment(command, bound)), 200

        return await once(merchant.id, deps, do)

    @routes.post("/payments/<payment_id>/cancel")
    @documented(
        "Cancel a payment",
        wire.PaymentMoved,
        examples.PAYMENT_CANCELLED,
        needs=Role.SUPPORT,
        audit=Audited("payment.cancel"),
        takes_key=True,
        about="Lets go of the money that a payment of a manual order holds.",
    )
    async def cancel(payment_id: str) -> Response:
        merchant = await merchant_of_request(deps)

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.cancel(payment_id, merchant)
            return present.payment_moved(await cancel_payment(command, bound)), 200

        return await once(merchant.id, deps, do)

    @routes.get("/payments/<payment_id>/timeline")
    @documented("Tell a payment's story", wire.Timeline, examples.TIMELINE)
    async def timeline(payment_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        payment = await find_payment(payment_id, merchant, deps)
        story = await deps.storage.payments.timeline(payment.id)
        return json_response(present.timeline(story))

    @routes.get("/payments/<payment_id>/public")
    @documented(
        "Show a payment to its shopper",
        wire.PaymentPublic,
        examples.PAYMENT_PUBLIC,
        access="browser",
    )
    async def show_public(payment_id: str) -> Response:
        payment = await find_payment(payment_id, None, deps)
        await check_browser(payment.order_id, deps)
        return json_response(
            await dialect_of_app().with_receipt(present.payment_public(payment), payment, deps)
        )

    return routes


async def _route(read: Callable[[], CreatePayment], deps: Deps) -> RoutePlan | None:
    """Who is to be asked, said before the request's transaction begins."""
    try:
        return await plan_route(read(), deps) if deps.registry.routers else None
    except (ClientError, PluginError):
        # Said again where it is answered, and remembered under the request's key.
        return None
