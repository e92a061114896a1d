"""Webhooks: where they go, what became of them, sending them again."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ...accounts.model import Role
from ...deps import Deps
from ...payments.queries import find_delivery
from ...webhooks.endpoints import (
    configure_endpoint,
    regenerate_secret,
    send_test_event,
    webhook_secret,
)
from ...webhooks.recover import recover_deliveries, retry_delivery
from .. import parse, present
from ..auth import caller_of_request, merchant_of_request
from ..body import body_of_request
from ..dialect import dialect_of_app
from ..errors import json_response
from ..idempotency import once
from ..openapi import Audited, documented, examples, examples_endpoints
from ..wire import answers as wire
from ..wire import endpoints as story
from ..wire import request_bodies, webhooks


def blueprint(deps: Deps) -> Blueprint:
    """``/webhooks`` and ``/merchant``."""
    routes = Blueprint("webhooks", __name__)

    @routes.get("/merchant/config")
    @documented(
        "Show where webhooks go",
        webhooks.Endpoint,
        examples.ENDPOINT,
        about="The secret is null for the roles `read_only` and `support`.",
    )
    async def config() -> Response:
        caller = await caller_of_request(deps)
        may_sign = caller.role.covers(Role.DEVELOPER)
        secret = webhook_secret(caller.merchant, deps) if may_sign else None
        return json_response(present.endpoint(caller.merchant, secret))

    @routes.put("/webhooks")
    @routes.patch("/merchant/webhook")
    @documented(
        "Say where webhooks go",
        webhooks.Endpoint,
        examples.ENDPOINT,
        needs=Role.DEVELOPER,
        audit=Audited("endpoint.update", shows=("webhook_url", "url")),
        body=request_bodies.EndpointRequest,
        body_is_optional=True,
        body_examples={"example": examples.ENDPOINT_REQUEST},
        takes_key=True,
    )
    async def configure() -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.endpoint(dialect_of_app().endpoint_body(body), merchant)
            stored = await configure_endpoint(command, bound)
            return present.endpoint(stored, webhook_secret(stored, bound)), 200

        return await once(merchant.id, deps, do)

    @routes.post("/merchant/webhook/regenerate")
    @documented(
        "Make a new webhook secret",
        webhooks.Endpoint,
        examples.ENDPOINT,
        needs=Role.DEVELOPER,
        audit=Audited("endpoint.rotate_secret"),
        takes_key=True,
    )
    async def regenerate() -> Response:
        merchant = await merchant_of_request(deps)

        async def do(bound: Deps) -> tuple[object, int]:
            stored = await regenerate_secret(merchant, bound)
            return present.endpoint(stored, webhook_secret(stored, bound)), 200

        return await once(merchant.id, deps, do)

    @routes.post("/webhooks/test")
    @routes.post("/merchant/webhook/test")
    @documented(
        "Send a test event",
        webhooks.TestEventSent,
        examples.TEST_EVENT_SENT,
        needs=Role.DEVELOPER,
        audit=Audited("endpoint.test", shows=("event",)),
        body=request_bodies.TestEventRequest,
        body_is_optional=True,
        body_examples={"example": {"event": "payment.test"}},
        takes_key=True,
    )
    async def send_test() -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.test_event(body, merchant)
            sent = await send_test_event(command, bound)
            return present.test_event_sent(sent, command.event_type, bound.clock.now()), 200

        return await once(merchant.id, deps, do)

    @routes.get("/webhooks")
    @documented(
        "List deliveries",
        wire.Page[webhooks.Delivery] | list[webhooks.Delivery],
        examples.page(examples.DELIVERY),
        query=story.DeliveriesQuery,
        about="A page; the profile open-demo answers with a bare array.",
    )
    async def index() -> Response:
        merchant = await merchant_of_request(deps)
        limit, offset, only = parse.deliveries(request.args)
        page = await deps.storage.deliveries.page(
            merchant.id, limit=limit, offset=offset, only=only
        )
        if dialect_of_app().wants_bare_list(request.args):
            return json_response([present.delivery(row) for row in page.rows])
        return json_response(present.page(page, present.delivery))

    @routes.post("/webhooks/<delivery_id>/retry")
    @documented(
        "Send a webhook again",
        webhooks.DeliveryRetried,
        examples.DELIVERY_RETRIED,
        needs=Role.SUPPORT,
        audit=Audited("delivery.retry"),
        takes_key=True,
    )
    async def retry(delivery_id: str) -> Response:
        merchant = await merchant_of_request(deps)

        async def do(bound: Deps) -> tuple[object, int]:
            found = parse.delivery_id(delivery_id)
            await retry_delivery(merchant, found, bound)
            return present.delivery_retried(found), 200

        return await once(merchant.id, deps, do)

    _looking_back(routes, deps)
    return routes


def _looking_back(routes: Blueprint, deps: Deps) -> None:
    @routes.get("/webhooks/<delivery_id>")
    @documented(
        "Show a delivery with its tries", story.DeliveryInFull, examples_endpoints.DELIVERY_IN_FULL
    )
    async def show(delivery_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        found = await find_delivery(parse.delivery_id(delivery_id), merchant, deps)
        return json_response(present.delivery_in_full(found.delivery, found.endpoint, found.tries))

    @routes.post("/webhooks/recover")
    @documented(
        "Send many again",
        story.Recovered,
        examples_endpoints.RECOVERED,
        needs=Role.SUPPORT,
        audit=Audited("delivery.recover", shows=("since", "until", "events", "dry_run")),
        body=story.RecoverRequest,
        body_examples={"example": {"since": "2026-01-15T00:00:00Z", "dry_run": False}},
        takes_key=True,
        about="The oldest first, at most 10 000 in one call; `next_since` says where to go on. "
        "Ids and bodies stay the same, so receivers know copies. What is being sent at this "
        "moment is left alone.",
    )
    async def recover() -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            recovery, dry_run = parse.recovery(body, merchant, bound.clock.now())
            came = await recover_deliveries(recovery, bound, dry_run=dry_run)
            return present.recovered(came), 200

        return await once(merchant.id, deps, do)
