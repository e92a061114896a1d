"""Webhook endpoints: where events go, what signs them, whether they go at all."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from ...accounts.model import Role
from ...deps import Deps
from ...webhooks.endpoints import (
    WithSecret,
    change_endpoint,
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    find_endpoint,
    list_endpoints,
    remove_endpoint,
    rotate_secret,
    send_test_event,
)
from ...webhooks.model import EndpointSettings
from .. import parse, present
from ..auth import merchant_of_request
from ..body import body_of_request
from ..errors import json_response
from ..idempotency import changed, once
from ..openapi import Audited, documented
from ..openapi import examples_endpoints as examples
from ..wire import endpoints as wire
from ..wire import request_bodies

SHOWN = ("url", "events", "description")
"""Fields of a request that the audit log may tell."""

SHOWN_ONCE = (
    "The secret is in this answer and in no other: it is kept sealed. That is why an "
    "`Idempotency-Key` has no effect here."
)


def blueprint(deps: Deps) -> Blueprint:
    """``/webhook-endpoints``."""
    routes = Blueprint("endpoints", __name__)

    def shown(endpoint: EndpointSettings) -> wire.WebhookEndpoint:
        return present.webhook_endpoint(endpoint, deps.clock.now())

    def with_secret(made: WithSecret) -> object:
        return present.webhook_endpoint_with_secret(made, deps.clock.now())

    @routes.get("/webhook-endpoints")
    @documented("List endpoints", wire.WebhookEndpoints, examples.WEBHOOK_ENDPOINTS)
    async def index() -> Response:
        merchant = await merchant_of_request(deps)
        found = await list_endpoints(merchant, deps)
        return json_response({"data": [shown(each) for each in found]})

    @routes.post("/webhook-endpoints")
    @documented(
        "Add an endpoint",
        wire.WebhookEndpointWithSecret,
        examples.WEBHOOK_ENDPOINT_WITH_SECRET,
        needs=Role.DEVELOPER,
        audit=Audited("endpoint.create", shows=SHOWN),
        status=201,
        body=wire.NewEndpointRequest,
        body_examples={"example": examples.NEW_ENDPOINT_REQUEST},
        about=SHOWN_ONCE,
    )
    async def create() -> Response:
        merchant = await merchant_of_request(deps)
        command = parse.new_endpoint(await body_of_request(), merchant)

        async def do(bound: Deps) -> tuple[object, int]:
            return with_secret(await create_endpoint(command, bound)), 201

        return await changed(deps, do)

    @routes.get("/webhook-endpoints/<endpoint_id>")
    @documented("Show an endpoint", wire.WebhookEndpoint, examples.WEBHOOK_ENDPOINT)
    async def show(endpoint_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        found = parse.endpoint_id(endpoint_id)
        return json_response(shown(await find_endpoint(merchant, found, deps)))

    @routes.patch("/webhook-endpoints/<endpoint_id>")
    @documented(
        "Change an endpoint",
        wire.WebhookEndpoint,
        examples.WEBHOOK_ENDPOINT,
        needs=Role.DEVELOPER,
        audit=Audited("endpoint.update", shows=SHOWN),
        body=wire.EndpointChangeRequest,
        body_examples={"example": {"events": ["payment.*"]}},
        takes_key=True,
        about="What is left out stays as it is. The default endpoint has a `url` and no more.",
    )
    async def change(endpoint_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            command = parse.endpoint_change(body, parse.endpoint_id(endpoint_id), merchant)
            return shown(await change_endpoint(command, bound)), 200

        return await once(merchant.id, deps, do)

    @routes.delete("/webhook-endpoints/<endpoint_id>")
    @documented(
        "Delete an endpoint",
        wire.WebhookEndpoint,
        examples.WEBHOOK_ENDPOINT,
        needs=Role.DEVELOPER,
        audit=Audited("endpoint.delete"),
        takes_key=True,
        about="Answers with what it was. What was still to be delivered there fails when it "
        "falls due.",
    )
    async def remove(endpoint_id: str) -> Response:
        merchant = await merchant_of_request(deps)

        async def do(bound: Deps) -> tuple[object, int]:
            found = parse.endpoint_id(endpoint_id)
            return shown(await remove_endpoint(merchant, found, bound)), 200

        return await once(merchant.id, deps, do)

    @routes.post("/webhook-endpoints/<endpoint_id>/rotate")
    @documented(
        "Make a new secret",
        wire.WebhookEndpointWithSecret,
        examples.WEBHOOK_ENDPOINT_WITH_SECRET,
        needs=Role.DEVELOPER,
        audit=Audited("endpoint.rotate_secret"),
        about=f"The one before signs beside it for 24 hours. {SHOWN_ONCE}",
    )
    async def rotate(endpoint_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        found = parse.endpoint_id(endpoint_id)

        async def do(bound: Deps) -> tuple[object, int]:
            return with_secret(await rotate_secret(merchant, found, bound)), 200

        return await changed(deps, do)

    _switches(routes, deps)
    return routes


def _switches(routes: Blueprint, deps: Deps) -> None:
    for word, does, about in (
        ("enable", enable_endpoint, "What was held for it goes on at once."),
        ("disable", disable_endpoint, "What is pending is held until it is enabled."),
    ):
        _switch(routes, deps, word, does, about)

    @routes.post("/webhook-endpoints/<endpoint_id>/test")
    @documented(
        "Send a test event to an endpoint",
        wire.EndpointTested,
        examples.ENDPOINT_TESTED,
        needs=Role.DEVELOPER,
        audit=Audited("endpoint.test", shows=("event",)),
        body=request_bodies.TestEventRequest,
        body_is_optional=True,
        body_examples={"example": {"event": "webhook.test"}},
        takes_key=True,
        about="Whatever it listens to, and once even while it is disabled.",
    )
    async def test(endpoint_id: str) -> Response:
        merchant = await merchant_of_request(deps)
        body = await body_of_request()

        async def do(bound: Deps) -> tuple[object, int]:
            found = parse.endpoint_id(endpoint_id)
            command = parse.endpoint_test(body, found, merchant)
            sent = await send_test_event(command, bound)
            return present.endpoint_tested(sent, command.event_type, found), 200

        return await once(merchant.id, deps, do)


def _switch(routes: Blueprint, deps: Deps, word: str, does: Any, about: str) -> None:
    @routes.post(f"/webhook-endpoints/<endpoint_id>/{word}", endpoint=word)
    @documented(
        f"{word.capitalize()} an endpoint",
        wire.WebhookEndpoint,
        examples.WEBHOOK_ENDPOINT,
        needs=Role.DEVELOPER,
        audit=Audited(f"endpoint.{word}"),
        takes_key=True,
        about=about,
    )
    async def switch(endpoint_id: str) -> Response:
        merchant = await merchant_of_request(deps)

        async def do(bound: Deps) -> tuple[object, int]:
            found = await does(merchant, parse.endpoint_id(endpoint_id), bound)
            return present.webhook_endpoint(found, bound.clock.now()), 200

        return await once(merchant.id, deps, do)
