"""The default webhook endpoint, and deliveries."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...accounts.model import Merchant, Role
from ...deps import Deps
from ...limits import TEXT_CHARS_MAX, URL_CHARS_MAX
from ...paging import DELIVERY_LIST
from ...payments.queries import find_delivery
from ...records import UNCHANGED
from ...webhooks.endpoints import (
    ConfigureEndpoint,
    SendTestEvent,
    configure_endpoint,
    regenerate_secret,
    send_test_event,
    webhook_secret,
)
from ...webhooks.model import Delivery, EndpointSettings
from ...webhooks.recover import Recovered, recover_deliveries, retry_delivery
from ...webhooks.store import DeliveryAttempt, DeliveryFilter, Recovery
from ..auth import caller_of_request, merchant_of_request
from ..bodies import body_of_request
from ..context import deps_of_app, dialect_of_app
from ..documented import (
    DELIVERY_ID,
    MADE_AT,
    MERCHANT_ID,
    PAID_AT,
    PAYMENT_ID,
    Audited,
    documented,
    example_page,
)
from ..errors import json_response
from ..fields import (
    EVENT_CHARS_MAX,
    ID_CHARS_MAX,
    Body,
    Filters,
    PageQuery,
    Request,
    Searched,
    checked,
    maybe_uuid,
    optional_time,
    parse_page,
    parse_time,
    parse_uuid,
)
from ..idempotency import once
from ..rate_limiting import take_resend
from ..shapes import At, PageJson, Uuid, maybe_timestamp, page_to_json, timestamp

_SECRET = re.compile(r"[\x21-\x7e]{8,64}")
_EVENT_TYPE = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*){0,3}")


def _secret(value: str | None) -> str | None:
    """Return None to keep the current secret: some pages send its masked form."""
    if not value or value.endswith("***"):
        return None
    if not _SECRET.fullmatch(value):
        raise ValueError("webhook_secret must be 8 to 64 visible ASCII characters")
    return value


def _event_type(value: str | None) -> str:
    if value and not _EVENT_TYPE.fullmatch(value):
        raise ValueError("event must look like payment.success")
    return value or "webhook.test"


class EndpointRequest(Request):
    """Body of ``PATCH /merchant/webhook`` and its aliases. Missing fields stay unchanged."""

    webhook_url: Annotated[str, Field(max_length=URL_CHARS_MAX)] | None = Field(
        None, description="http or https; null or empty sends no webhooks"
    )
    webhook_secret: Annotated[
        str | None,
        Field(max_length=TEXT_CHARS_MAX),
        AfterValidator(_secret),
        WithJsonSchema(
            {
                "anyOf": [{"type": "string", "pattern": r"^[\x21-\x7e]{8,64}$"}, {"type": "null"}],
                "description": "8 to 64 visible ASCII characters; one that ends in *** is ignored",
            }
        ),
    ] = None


class TestEventRequest(Request):
    """Body of ``POST /webhooks/test``; optional."""

    event: Annotated[
        str | None,
        Field(max_length=50),
        AfterValidator(_event_type),
        WithJsonSchema(
            {
                "type": "string",
                "maxLength": 50,
                "pattern": rf"^{_EVENT_TYPE.pattern}$",
                "default": "webhook.test",
            }
        ),
    ] = "webhook.test"


class DeliveryJson(TypedDict):
    """A delivery of an event to an endpoint."""

    id: Uuid
    event: str
    status: Literal["pending", "success", "failed"]
    attempts: int
    created_at: At
    last_attempt_at: At | None
    next_retry_at: At | None
    response_code: int | None
    response_body: str | None


class DeliveryRetriedJson(TypedDict):
    """A delivery that is due again."""

    id: Uuid
    status: Literal["pending"]
    message: str


class EndpointShortJson(TypedDict):
    """The endpoint in the form of another gateway."""

    url: str | None
    secret: str | None


class EndpointJson(TypedDict):
    """The default endpoint, in every form that clients read."""

    id: Uuid
    name: str
    email: str
    api_key: str
    webhook_url: str | None
    webhook_secret: str | None
    created_at: At
    success: bool
    message: str
    data: EndpointShortJson


class TestEventSentJson(TypedDict):
    """A test event that was enqueued."""

    status: Literal["success"]
    message: str
    id: Uuid
    webhook_id: Uuid
    scheduled: bool
    event: str
    attempts: int
    response_code: None
    created_at: At


_STATUSES = ("pending", "success", "failed")


def _statuses(value: object) -> object:
    if value is None:
        return ("failed",)
    if not isinstance(value, list) or not value or not all(each in _STATUSES for each in value):
        raise ValueError(f"must be a list of {', '.join(_STATUSES)}")
    return tuple(dict.fromkeys(value))


class RecoverRequest(Request):
    """Body of ``POST /webhooks/recover``."""

    since: Annotated[datetime, BeforeValidator(parse_time)] = Field(
        description="deliveries created at this time or later", examples=["2026-01-01T00:00:00Z"]
    )
    until: Annotated[datetime | None, BeforeValidator(optional_time)] = Field(
        None, description="and before this time; default: now"
    )
    events: Filters | None = Field(None, description="only these; default: every event")
    endpoint_id: Annotated[UUID | None, BeforeValidator(maybe_uuid)] = None
    statuses: Annotated[
        tuple[Literal["pending", "success", "failed"], ...], BeforeValidator(_statuses)
    ] = Field(("failed",), description="include success to resend delivered events")
    dry_run: bool = Field(True, description="only report what would be sent")


class DeliveriesQuery(PageQuery):
    """Query of ``GET /webhooks``."""

    status: Literal["pending", "success", "failed"] | None = None
    event: Annotated[Searched, Field(max_length=EVENT_CHARS_MAX)] | None = None
    endpoint_id: Annotated[UUID | None, BeforeValidator(maybe_uuid)] = None
    payment_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = None


class TryJson(TypedDict):
    """An attempt of a delivery."""

    ordinal: Annotated[int, Field(ge=1, description="number of the attempt")]
    started_at: At
    finished_at: At
    took_ms: int | None
    url: str | None
    request_headers: dict[str, str]
    status_code: int | None
    error: Annotated[str | None, Field(examples=["timeout"])]
    response_body: Annotated[str | None, Field(description="its first 4 KiB")]


class EndpointRefJson(TypedDict):
    """The endpoint of a delivery."""

    id: Uuid
    url: Annotated[str | None, Field(description="null if it was deleted")]


class DeliveryInFullJson(DeliveryJson):
    """A delivery with its body and its attempts."""

    event_id: str
    payment_id: str | None
    endpoint: EndpointRefJson
    payload: Annotated[dict[str, Any], Field(description="the body, the same in every attempt")]
    tries: Annotated[
        list[TryJson], Field(description="the oldest first; if there are too many, the newest")
    ]


class RecoveredJson(TypedDict):
    """Deliveries that were resent, or would be."""

    dry_run: bool
    matching: Annotated[int, Field(ge=0)]
    resent: Annotated[int, Field(ge=0, description="at most 10 000 in one call")]
    sample: Annotated[list[DeliveryJson], Field(description="the oldest of them")]
    next_since: Annotated[At | None, Field(description="where to continue, if there are more")]


def parse_endpoint(body: Body, merchant: Merchant) -> ConfigureEndpoint:
    """Parse the body of ``PATCH /merchant/webhook`` and its aliases."""
    asked = checked(EndpointRequest, body)
    if "webhook_url" not in asked.model_fields_set:
        return ConfigureEndpoint(merchant, UNCHANGED, asked.webhook_secret)
    return ConfigureEndpoint(merchant, asked.webhook_url or None, asked.webhook_secret)


def parse_recovery(body: Body, merchant: Merchant, now: datetime) -> tuple[Recovery, bool]:
    """Parse the body of ``POST /webhooks/recover``: the filter, and whether it is a dry run."""
    asked = checked(RecoverRequest, body)
    # Later than now, so that deliveries created right now are included.
    until = asked.until or now + timedelta(milliseconds=1)
    recovery = Recovery(
        merchant_id=merchant.id,
        since=asked.since,
        until=until,
        statuses=asked.statuses,
        events=asked.events,
        endpoint_id=asked.endpoint_id,
    )
    return recovery, asked.dry_run


def parse_deliveries(query: Mapping[str, str]) -> DeliveryFilter:
    """Parse the filters of ``GET /webhooks``."""
    names = DeliveriesQuery.model_fields
    asked = checked(DeliveriesQuery, {n: query[n] for n in names if query.get(n)})
    return DeliveryFilter(asked.status, asked.event, asked.endpoint_id, asked.payment_id)


def parse_test_event(body: Body, merchant: Merchant) -> SendTestEvent:
    """Parse the body of ``POST /webhooks/test``."""
    return SendTestEvent(merchant, checked(TestEventRequest, body).event or "")


def parse_delivery_id(text: str) -> UUID:
    """Parse the id in ``/webhooks/{id}/retry``."""
    return parse_uuid(text, "Webhook log")


def delivery_to_json(delivery: Delivery) -> DeliveryJson:
    """Return a row of ``GET /webhooks``."""
    return {
        "id": str(delivery.id),
        "event": delivery.event_type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "created_at": timestamp(delivery.created_at),
        "last_attempt_at": maybe_timestamp(delivery.last_attempt_at),
        "next_retry_at": maybe_timestamp(delivery.due_at),
        "response_code": delivery.response_code,
        "response_body": delivery.response_body,
    }


def endpoint_to_json(merchant: Merchant, secret: str | None) -> EndpointJson:
    """Return the response of ``GET /merchant/config`` and of changes.

    Args:
        merchant: The merchant.
        secret: The signing secret; None for callers that may not change it.
    """
    return {
        "id": str(merchant.id),
        "name": merchant.name,
        "email": merchant.email,
        "api_key": merchant.api_key,
        "webhook_url": merchant.webhook_url,
        "webhook_secret": secret,
        "created_at": timestamp(merchant.created_at),
        "success": True,
        "message": "Webhook settings",
        "data": {"url": merchant.webhook_url, "secret": secret},
    }


def test_event_sent_to_json(delivery_id: UUID, event_type: str, at: datetime) -> TestEventSentJson:
    """Return the response of ``POST /webhooks/test``."""
    return {
        "status": "success",
        "message": "Test webhook enqueued",
        "id": str(delivery_id),
        "webhook_id": str(delivery_id),
        "scheduled": True,
        "event": event_type,
        "attempts": 0,
        "response_code": None,
        "created_at": timestamp(at),
    }


def delivery_retried_to_json(delivery_id: UUID) -> DeliveryRetriedJson:
    """Return the response of ``POST /webhooks/{id}/retry``."""
    return {"id": str(delivery_id), "status": "pending", "message": "Webhook retry scheduled"}


def delivery_in_full_to_json(
    shown: Delivery, endpoint: EndpointSettings | None, tries: Sequence[DeliveryAttempt]
) -> DeliveryInFullJson:
    """Return the response of ``GET /webhooks/{id}``."""
    return {
        **delivery_to_json(shown),
        "event_id": shown.event_id,
        "payment_id": shown.payment_id,
        "endpoint": {"id": str(shown.endpoint_id), "url": endpoint.url if endpoint else None},
        "payload": _payload(shown.body),
        "tries": [_try(each) for each in tries],
    }


def recovered_to_json(recovered: Recovered) -> RecoveredJson:
    """Return the response of ``POST /webhooks/recover``."""
    return {
        "dry_run": recovered.dry_run,
        "matching": recovered.matching,
        "resent": recovered.resent,
        "sample": [delivery_to_json(each) for each in recovered.sample],
        "next_since": maybe_timestamp(recovered.next_since),
    }


def _payload(body: bytes) -> dict[str, object]:
    # Rows that were inserted with SQL may contain any JSON.
    found = json.loads(body)
    return found if isinstance(found, dict) else {"value": found}


def _try(each: DeliveryAttempt) -> TryJson:
    return {
        "ordinal": each.ordinal,
        "started_at": timestamp(each.started_at),
        "finished_at": timestamp(each.finished_at),
        "took_ms": each.took_ms,
        "url": each.url,
        "request_headers": dict(each.request_headers),
        "status_code": each.status_code,
        "error": each.error,
        "response_body": each.response_body,
    }


DELIVERY_EXAMPLE: DeliveryJson = {
    "id": DELIVERY_ID,
    "event": "payment.success",
    "status": "success",
    "attempts": 1,
    "created_at": PAID_AT,
    "last_attempt_at": PAID_AT,
    "next_retry_at": None,
    "response_code": 200,
    "response_body": "OK",
}
DELIVERY_RETRIED_EXAMPLE: DeliveryRetriedJson = {
    "id": DELIVERY_ID,
    "status": "pending",
    "message": "Webhook retry scheduled",
}
ENDPOINT_REQUEST_EXAMPLE = {"webhook_url": "https://shop.example/webhook"}
ENDPOINT_EXAMPLE: EndpointJson = {
    "id": MERCHANT_ID,
    "name": "Test Merchant",
    "email": "test@example.com",
    "api_key": "key_test_abc123",
    "webhook_url": "https://shop.example/webhook",
    "webhook_secret": "whsec_test_abc123",
    "created_at": MADE_AT,
    "success": True,
    "message": "Webhook settings",
    "data": {"url": "https://shop.example/webhook", "secret": "whsec_test_abc123"},
}
TEST_EVENT_SENT_EXAMPLE: TestEventSentJson = {
    "status": "success",
    "message": "Test webhook enqueued",
    "id": DELIVERY_ID,
    "webhook_id": DELIVERY_ID,
    "scheduled": True,
    "event": "payment.test",
    "attempts": 0,
    "response_code": None,
    "created_at": MADE_AT,
}
DELIVERY_IN_FULL_EXAMPLE: DeliveryInFullJson = {
    **DELIVERY_EXAMPLE,
    "event_id": "evt_Q2wE4rT6yU8iO0pA",
    "payment_id": PAYMENT_ID,
    "endpoint": {"id": MERCHANT_ID, "url": "https://shop.example/webhook"},
    "payload": {"event": "payment.success", "timestamp": 1768473066, "data": {}},
    "tries": [
        {
            "ordinal": 1,
            "started_at": PAID_AT,
            "finished_at": PAID_AT,
            "took_ms": 48,
            "url": "https://shop.example/webhook",
            "request_headers": {"webhook-id": "evt_Q2wE4rT6yU8iO0pA"},
            "status_code": 200,
            "error": None,
            "response_body": "OK",
        }
    ],
}
RECOVERED_EXAMPLE: RecoveredJson = {
    "dry_run": False,
    "matching": 1,
    "resent": 1,
    "sample": [{**DELIVERY_EXAMPLE, "status": "pending", "attempts": 0, "next_retry_at": PAID_AT}],
    "next_since": None,
}


routes = Blueprint("webhooks", __name__)


@routes.get("/merchant/config")
@documented(
    "Show the default endpoint",
    EndpointJson,
    ENDPOINT_EXAMPLE,
    about="The secret is null for the roles `read_only` and `support`.",
)
async def config() -> Response:
    deps = deps_of_app()
    caller = await caller_of_request(deps)
    may_sign = caller.role.covers(Role.DEVELOPER)
    secret = webhook_secret(caller.merchant, deps) if may_sign else None
    return json_response(endpoint_to_json(caller.merchant, secret))


@routes.put("/webhooks")
@routes.patch("/merchant/webhook")
@documented(
    "Change the default endpoint",
    EndpointJson,
    ENDPOINT_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.update", shows=("webhook_url", "url")),
    further_ids={"PUT": "replaceDefaultEndpoint"},
    body=EndpointRequest,
    body_is_optional=True,
    body_examples={"example": ENDPOINT_REQUEST_EXAMPLE},
    takes_key=True,
)
async def configure() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_endpoint(dialect_of_app().endpoint_body(body), merchant)
        stored = await configure_endpoint(command, bound)
        return endpoint_to_json(stored, webhook_secret(stored, bound)), 200

    return await once(merchant.id, deps, do)


@routes.post("/merchant/webhook/regenerate")
@documented(
    "Rotate the webhook secret",
    EndpointJson,
    ENDPOINT_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.rotate_secret"),
    takes_key=True,
)
async def regenerate() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)

    async def do(bound: Deps) -> tuple[object, int]:
        stored = await regenerate_secret(merchant, bound)
        return endpoint_to_json(stored, webhook_secret(stored, bound)), 200

    return await once(merchant.id, deps, do)


@routes.post("/webhooks/test")
@routes.post("/merchant/webhook/test")
@documented(
    "Send a test event",
    TestEventSentJson,
    TEST_EVENT_SENT_EXAMPLE,
    needs=Role.DEVELOPER,
    audit=Audited("endpoint.test", shows=("event",)),
    further_ids={"/webhooks/test": "sendTestWebhook"},
    body=TestEventRequest,
    body_is_optional=True,
    body_examples={"example": {"event": "payment.test"}},
    takes_key=True,
)
async def send_test() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        command = parse_test_event(body, merchant)
        sent = await send_test_event(command, bound)
        return test_event_sent_to_json(sent, command.event_type, bound.clock.now()), 200

    return await once(merchant.id, deps, do)


@routes.get("/webhooks")
@documented(
    "List deliveries",
    PageJson[DeliveryJson] | list[DeliveryJson],
    example_page(DELIVERY_EXAMPLE),
    query=DeliveriesQuery,
    about="A page; in the profile open-demo an array.",
)
async def index() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    only = parse_deliveries(request.args)
    page = await deps.storage.deliveries.page(
        merchant.id, parse_page(request.args, DELIVERY_LIST), only
    )
    if dialect_of_app().wants_bare_list(request.args):
        return json_response([delivery_to_json(row) for row in page.rows])
    return json_response(page_to_json(page, delivery_to_json))


@routes.post("/webhooks/<delivery_id>/retry")
@documented(
    "Retry a delivery",
    DeliveryRetriedJson,
    DELIVERY_RETRIED_EXAMPLE,
    needs=Role.SUPPORT,
    audit=Audited("delivery.retry"),
    takes_key=True,
)
async def retry(delivery_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)

    async def do(bound: Deps) -> tuple[object, int]:
        found = parse_delivery_id(delivery_id)
        await take_resend(merchant, bound)
        await retry_delivery(merchant, found, bound)
        return delivery_retried_to_json(found), 200

    return await once(merchant.id, deps, do)


@routes.get("/webhooks/<delivery_id>")
@documented(
    "Show a delivery with its attempts",
    DeliveryInFullJson,
    DELIVERY_IN_FULL_EXAMPLE,
    operation_id="showDelivery",
)
async def show(delivery_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    found = await find_delivery(parse_delivery_id(delivery_id), merchant, deps)
    return json_response(delivery_in_full_to_json(found.delivery, found.endpoint, found.attempts))


@routes.post("/webhooks/recover")
@documented(
    "Resend deliveries",
    RecoveredJson,
    RECOVERED_EXAMPLE,
    needs=Role.SUPPORT,
    audit=Audited("delivery.recover", shows=("since", "until", "events", "dry_run")),
    body=RecoverRequest,
    body_examples={"example": {"since": "2026-01-15T00:00:00Z", "dry_run": False}},
    takes_key=True,
    about="The oldest first, at most 10 000 in one call; `next_since` says where to continue. "
    "Ids and bodies stay the same, so that receivers recognize copies. Deliveries that are "
    "in progress are not changed.",
)
async def recover() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    body = await body_of_request()

    async def do(bound: Deps) -> tuple[object, int]:
        recovery, dry_run = parse_recovery(body, merchant, bound.clock.now())
        charge = None if dry_run else await take_resend(merchant, bound)
        recovered = await recover_deliveries(recovery, bound, dry_run=dry_run)
        if charge is not None:
            charge(recovered.resent)
        return recovered_to_json(recovered), 200

    return await once(merchant.id, deps, do)
