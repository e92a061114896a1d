"""Webhook endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from quart import Blueprint, Response
from typing_extensions import TypedDict

from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...errors import NotFoundError
from ...records import UNCHANGED
from ...webhooks.endpoints import (
    ChangeEndpoint,
    CreateEndpoint,
    SendTestEvent,
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
from ...webhooks.model import BreakerState, EndpointSettings
from ..auth import merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app
from ..documented import DELIVERY_ID, MADE_AT, Audited, documented
from ..errors import json_response
from ..fields import Body, Filters, Request, Text, Url, checked
from ..idempotency import changed, once
from ..shapes import At, Uuid, maybe_timestamp, timestamp
from .webhooks import TestEventRequest


class NewEndpointRequest(Request):
    """Body of ``POST /webhook-endpoints``."""

    url: Url
    events: Filters = ("*",)
    description: Text | None = Field(None, description="for people")
    sink: Text | None = Field(
        None, description="the only sink that delivers to it, such as one with another format"
    )


class EndpointChangeRequest(Request):
    """Body of ``PATCH /webhook-endpoints/{id}``. Missing fields stay unchanged."""

    url: Url | None = Field(None, description="null sends nothing; only for the default endpoint")
    events: Filters = ("*",)
    description: Text | None = None


class WebhookEndpointJson(TypedDict):
    """A webhook endpoint."""

    id: Uuid
    url: Annotated[str | None, Field(examples=["https://shop.example/webhook"])]
    description: str | None
    events: Annotated[list[str], Field(examples=[["payment.*", "refund.processed"]])]
    sink: str | None
    is_enabled: bool
    is_default: Annotated[bool, Field(description="it is the merchant's default endpoint")]
    disabled_reason: Literal["manual", "gone", "failing"] | None
    disabled_at: At | None
    consecutive_failures: int
    first_failure_at: At | None
    breaker: Annotated[
        BreakerState,
        Field(description="not `closed`: it did not answer, and gets one attempt at a time"),
    ]
    breaker_open_since: At | None
    unanswered: Annotated[int, Field(description="attempts in a row without an answer")]
    secret_hint: Annotated[str | None, Field(description="the secret's last characters")]
    previous_secret_until: Annotated[
        At | None, Field(description="until then the previous secret also signs")
    ]
    created_at: At
    updated_at: At


class WebhookEndpointWithSecretJson(WebhookEndpointJson):
    """An endpoint with its new secret, which is shown only once."""

    secret: str


class WebhookEndpointsJson(TypedDict):
    """The merchant's endpoints, the default endpoint first."""

    data: list[WebhookEndpointJson]


class EndpointTestedJson(TypedDict):
    """A test event that was enqueued."""

    delivery_id: Uuid
    event: str
    endpoint_id: Uuid


def parse_new_endpoint(body: Body, merchant: Merchant) -> CreateEndpoint:
    """Parse the body of ``POST /webhook-endpoints``."""
    asked = checked(NewEndpointRequest, body)
    return CreateEndpoint(merchant, asked.url, asked.events, asked.description, asked.sink)


def parse_endpoint_change(body: Body, endpoint_id: UUID, merchant: Merchant) -> ChangeEndpoint:
    """Parse the body of ``PATCH /webhook-endpoints/{id}``."""
    asked = checked(EndpointChangeRequest, body)
    named = asked.model_fields_set
    return ChangeEndpoint(
        merchant,
        endpoint_id,
        url=asked.url if "url" in named else UNCHANGED,
        events=asked.events if "events" in named else UNCHANGED,
        description=asked.description if "description" in named else UNCHANGED,
    )


def parse_endpoint_id(text: str) -> UUID:
    """Parse the id in ``/webhook-endpoints/{id}``; an invalid UUID is not found."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("Endpoint") from None


def parse_endpoint_test(body: Body, endpoint_id: UUID, merchant: Merchant) -> SendTestEvent:
    """Parse the body of ``POST /webhook-endpoints/{id}/test``."""
    asked = checked(TestEventRequest, body)
    return SendTestEvent(merchant, asked.event or "", endpoint_id)


def webhook_endpoint_to_json(endpoint: EndpointSettings, now: datetime) -> WebhookEndpointJson:
    """Return a row of ``GET /webhook-endpoints``; never a secret."""
    return {
        "id": str(endpoint.id),
        "url": endpoint.url,
        "description": endpoint.description,
        "events": list(endpoint.events),
        "sink": endpoint.sink,
        "is_enabled": endpoint.url is not None and endpoint.disabled_at is None,
        "is_default": endpoint.is_default,
        "disabled_reason": endpoint.disabled_reason,
        "disabled_at": maybe_timestamp(endpoint.disabled_at),
        "consecutive_failures": endpoint.consecutive_failures,
        "first_failure_at": maybe_timestamp(endpoint.first_failure_at),
        "breaker": endpoint.breaker,
        "breaker_open_since": maybe_timestamp(endpoint.breaker_open_since),
        "unanswered": endpoint.unanswered,
        "secret_hint": endpoint.secret_hint,
        "previous_secret_until": (
            maybe_timestamp(endpoint.previous_until) if endpoint.overlaps(now) else None
        ),
        "created_at": timestamp(endpoint.created_at),
        "updated_at": timestamp(endpoint.updated_at),
    }


def webhook_endpoint_with_secret_to_json(
    made: WithSecret, now: datetime
) -> WebhookEndpointWithSecretJson:
    """Return an endpoint with its new secret."""
    return {**webhook_endpoint_to_json(made.endpoint, now), "secret": made.secret}


def endpoint_tested_to_json(delivery_id: UUID, event: str, endpoint_id: UUID) -> EndpointTestedJson:
    """Return the response of ``POST /webhook-endpoints/{id}/test``."""
    return {
        "delivery_id": str(delivery_id),
        "event": event,
        "endpoint_id": str(endpoint_id),
    }


NEW_ENDPOINT_REQUEST_EXAMPLE = {
    "url": "https://books.example/events",
    "events": ["payment.*", "refund.processed"],
    "description": "bookkeeping",
}
WEBHOOK_ENDPOINT_EXAMPLE: WebhookEndpointJson = {
    "id": "4f6f6a37-7d4e-4a55-9d1c-2f4f4a1f6b02",
    "url": "https://books.example/events",
    "description": "bookkeeping",
    "events": ["payment.*", "refund.processed"],
    "sink": None,
    "is_enabled": True,
    "is_default": False,
    "disabled_reason": None,
    "disabled_at": None,
    "consecutive_failures": 0,
    "first_failure_at": None,
    "breaker": "closed",
    "breaker_open_since": None,
    "unanswered": 0,
    "secret_hint": "…pQ8=",
    "previous_secret_until": None,
    "created_at": MADE_AT,
    "updated_at": MADE_AT,
}
WEBHOOK_ENDPOINTS_EXAMPLE: WebhookEndpointsJson = {"data": [WEBHOOK_ENDPOINT_EXAMPLE]}
WEBHOOK_ENDPOINT_WITH_SECRET_EXAMPLE: WebhookEndpointWithSecretJson = {
    **WEBHOOK_ENDPOINT_EXAMPLE,
    "secret": "whsec_bm90IGEgc2VjcmV0IG9mIGFueWJvZHkncywgcQ==",
}
ENDPOINT_TESTED_EXAMPLE: EndpointTestedJson = {
    "delivery_id": DELIVERY_ID,
    "event": "webhook.test",
    "endpoint_id": "4f6f6a37-7d4e-4a55-9d1c-2f4f4a1f6b02",
}
SHOWN = ("url", "events", "description", "sink")
"""Fields of a request that the audit log may contain."""
SHOWN_ONCE = (
    "The secret is only in this response: it is stored sealed. Therefore an "
    "`Idempotency-Key` has no effect here."
)


routes = Blueprint("endpoints", __name__)


def shown(endpoint: EndpointSettings) -> WebhookEndpointJson:
    deps = deps_of_app()
    return webhook_endpoint_to_json(endpoint, deps.clock.now())


def with_secret(made: WithSecret) -> object:
    deps = deps_of_app()
    return webhook_endpoint_with_secret_to_json(made, deps.clock.now())


@routes.get("/webhook-endpoints")
@documented("List endpoints", WebhookEndpointsJson, WEBHOOK_ENDPOINTS_EXAMPLE)
async def index() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    found = await list_endpoints(merchant, deps)
    return json_response({"data": [shown(each) for each in found]})


@routes.post("/webhook-endpoints")
@documented(
    "Create an endpoint",
    WebhookEndpointWithSecretJson,
    WEBHOOK_ENDPOINT_WITH_SECRET_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.create", shows=SHOWN),
    status=201,
    body=NewEndpointRequest,
    body_examples={"example": NEW_ENDPOINT_REQUEST_EXAMPLE},
    about=SHOWN_ONCE,
)
async def create() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    command = parse_new_endpoint(await body_of_request(), merchant)

    async def do(bound: Deps) -> tuple[object, int]:
        return with_secret(await create_endpoint(command, bound)), 201

    return await changed(deps, do)


@routes.get("/webhook-endpoints/<endpoint_id>")
@documented("Show an endpoint", WebhookEndpointJson, WEBHOOK_ENDPOINT_EXAMPLE)
async def show(endpoint_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    found = parse_endpoint_id(endpoint_id)
    return json_response(shown(await find_endpoint(merchant, found, deps)))


@routes.patch("/webhook-endpoints/<endpoint_id>")
@documented(
    "Change an endpoint",
    WebhookEndpointJson,
    WEBHOOK_ENDPOINT_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.update", shows=SHOWN),
    body=EndpointChangeRequest,
    body_examples={"example": {"events": ["payment.*"]}},
    takes_key=True,
    about="Missing fields stay unchanged. Only `url` of the default endpoint can be changed.",
)
async def change(endpoint_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_endpoint_change(body, parse_endpoint_id(endpoint_id), merchant)
        return shown(await change_endpoint(command, bound)), 200

    return await once(merchant.id, deps, do)


@routes.delete("/webhook-endpoints/<endpoint_id>")
@documented(
    "Delete an endpoint",
    WebhookEndpointJson,
    WEBHOOK_ENDPOINT_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.delete"),
    takes_key=True,
    about="Returns the deleted endpoint. Its pending deliveries fail when they become due.",
)
async def remove(endpoint_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)

    async def do(bound: Deps) -> tuple[object, int]:
        found = parse_endpoint_id(endpoint_id)
        return shown(await remove_endpoint(merchant, found, bound)), 200

    return await once(merchant.id, deps, do)


@routes.post("/webhook-endpoints/<endpoint_id>/rotate")
@documented(
    "Rotate an endpoint's secret",
    WebhookEndpointWithSecretJson,
    WEBHOOK_ENDPOINT_WITH_SECRET_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.rotate_secret"),
    about=f"The previous secret also signs for 24 hours. {SHOWN_ONCE}",
)
async def rotate(endpoint_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    found = parse_endpoint_id(endpoint_id)

    async def do(bound: Deps) -> tuple[object, int]:
        return with_secret(await rotate_secret(merchant, found, bound)), 200

    return await changed(deps, do)


@routes.post("/webhook-endpoints/<endpoint_id>/enable")
@documented(
    "Enable an endpoint",
    WebhookEndpointJson,
    WEBHOOK_ENDPOINT_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.enable"),
    takes_key=True,
    about="Its held deliveries continue at once.",
)
async def enable(endpoint_id: str) -> Response:
    deps = deps_of_app()
    return await _switch(endpoint_id, enable_endpoint, deps)


@routes.post("/webhook-endpoints/<endpoint_id>/disable")
@documented(
    "Disable an endpoint",
    WebhookEndpointJson,
    WEBHOOK_ENDPOINT_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.disable"),
    takes_key=True,
    about="Its pending deliveries are held until it is enabled.",
)
async def disable(endpoint_id: str) -> Response:
    deps = deps_of_app()
    return await _switch(endpoint_id, disable_endpoint, deps)


@routes.post("/webhook-endpoints/<endpoint_id>/test")
@documented(
    "Send a test event to an endpoint",
    EndpointTestedJson,
    ENDPOINT_TESTED_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.test", shows=("event",)),
    body=TestEventRequest,
    body_is_optional=True,
    body_examples={"example": {"event": "webhook.test"}},
    takes_key=True,
    about="Sent whatever its filters, once, and also if it is disabled.",
)
async def test(endpoint_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        found = parse_endpoint_id(endpoint_id)
        command = parse_endpoint_test(body, found, merchant)
        sent = await send_test_event(command, bound)
        return endpoint_tested_to_json(sent, command.event_type, found), 200

    return await once(merchant.id, deps, do)


Switch = Callable[[Merchant, UUID, Deps], Awaitable[EndpointSettings]]


async def _switch(endpoint_id: str, switch: Switch, deps: Deps) -> Response:
    merchant = await merchant_of_request(deps)

    async def do(bound: Deps) -> tuple[object, int]:
        found = await switch(merchant, parse_endpoint_id(endpoint_id), bound)
        return webhook_endpoint_to_json(found, bound.clock.now()), 200

    return await once(merchant.id, deps, do)
