"""What is said of webhook endpoints and of what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema
from typing_extensions import TypedDict

from ...event import could_match
from ...limits import (
    ENDPOINT_EVENTS_MAX,
    OFFSET_ROWS_MAX,
    PAGE_ROWS_DEFAULT,
    PAGE_ROWS_MAX,
    URL_CHARS_MAX,
)
from ...webhooks.model import FILTER, is_filter
from .answers import At, Uuid
from .lists import ID_CHARS_MAX, Searched
from .request_bodies import Request, Text, maybe_moment, maybe_uuid, moment, whole
from .webhooks import Delivery

# As wide as the column of deliveries.
EVENT_CHARS_MAX = 50
_STATUSES = ("pending", "success", "failed")


def _statuses(value: object) -> object:
    if value is None:
        return ("failed",)
    if not isinstance(value, list) or not value or not all(each in _STATUSES for each in value):
        raise ValueError(f"must be a list of {', '.join(_STATUSES)}")
    return tuple(dict.fromkeys(value))


def _filters(value: object) -> object:
    if value is None:
        return ("*",)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("must be a list of event names")
    if not 1 <= len(value) <= ENDPOINT_EVENTS_MAX:
        raise ValueError(f"must name between 1 and {ENDPOINT_EVENTS_MAX} events")
    for each in value:
        if len(each) > EVENT_CHARS_MAX or not is_filter(each):
            raise ValueError("must be *, a family such as payment.*, or a name: payment.success")
        if not could_match(each):
            raise ValueError(f"names {each}, which is no event of paygate")
    return tuple(dict.fromkeys(value))


Url = Annotated[str, Field(min_length=1, max_length=URL_CHARS_MAX, description="http or https")]
Filters = Annotated[
    tuple[str, ...],
    BeforeValidator(_filters),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "string", "pattern": f"^({FILTER.pattern})$"},
            "minItems": 1,
            "maxItems": ENDPOINT_EVENTS_MAX,
            "description": "event names, families such as payment.*, or * for every event",
        }
    ),
]


class NewEndpointRequest(Request):
    """``POST /webhook-endpoints``."""

    url: Url
    events: Filters = ("*",)
    description: Text | None = Field(None, description="for people")


class EndpointChangeRequest(Request):
    """``PATCH /webhook-endpoints/{id}``. What is left out stays as it is."""

    url: Url | None = Field(None, description="null, on the default endpoint alone, sends nothing")
    events: Filters = ("*",)
    description: Text | None = None


class RecoverRequest(Request):
    """``POST /webhooks/recover``."""

    since: Annotated[datetime, BeforeValidator(moment)] = Field(
        description="deliveries made at this moment or later", examples=["2026-01-01T00:00:00Z"]
    )
    until: Annotated[datetime | None, BeforeValidator(maybe_moment)] = Field(
        None, description="and before this one; now, if left out"
    )
    events: Filters | None = Field(None, description="only these; every event, if left out")
    endpoint_id: Annotated[UUID | None, BeforeValidator(maybe_uuid)] = None
    statuses: Annotated[
        tuple[Literal["pending", "success", "failed"], ...], BeforeValidator(_statuses)
    ] = Field(("failed",), description="success sends again what had arrived")
    dry_run: bool = Field(True, description="only say what would be sent")


class DeliveriesQuery(Request):
    """``?status=&event=&endpoint_id=&payment_id=`` beside the page."""

    limit: Annotated[int, BeforeValidator(whole), Field(ge=1)] = Field(
        PAGE_ROWS_DEFAULT, description=f"more than {PAGE_ROWS_MAX} is {PAGE_ROWS_MAX}"
    )
    offset: Annotated[int, BeforeValidator(whole), Field(ge=0, le=OFFSET_ROWS_MAX)] = 0
    status: Literal["pending", "success", "failed"] | None = None
    event: Annotated[Searched, Field(max_length=EVENT_CHARS_MAX)] | None = None
    endpoint_id: Annotated[UUID | None, BeforeValidator(maybe_uuid)] = None
    payment_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = None


class Try(TypedDict):
    """One attempt of a delivery."""

    ordinal: Annotated[int, Field(ge=1, description="among all tries of the delivery")]
    started_at: At
    finished_at: At
    took_ms: int | None
    url: str | None
    request_headers: dict[str, str]
    status_code: int | None
    error: Annotated[str | None, Field(examples=["timeout"])]
    response_body: Annotated[str | None, Field(description="its first 4 KiB")]


class EndpointRef(TypedDict):
    """Where a delivery goes."""

    id: Uuid
    url: Annotated[str | None, Field(description="null where it was deleted")]


class DeliveryInFull(Delivery):
    """A delivery with what was sent and what came back."""

    event_id: str
    payment_id: str | None
    endpoint: EndpointRef
    payload: Annotated[dict[str, Any], Field(description="the body, the same in every try")]
    tries: Annotated[list[Try], Field(description="the oldest first; of very many the newest")]


class Recovered(TypedDict):
    """What was sent again, or would be."""

    dry_run: bool
    matching: Annotated[int, Field(ge=0)]
    resent: Annotated[int, Field(ge=0, description="at most 10 000 in one call")]
    sample: Annotated[list[Delivery], Field(description="the oldest of them")]
    next_since: Annotated[At | None, Field(description="where to go on, if there are more")]


class WebhookEndpoint(TypedDict):
    """Where events go."""

    id: Uuid
    url: Annotated[str | None, Field(examples=["https://shop.example/webhook"])]
    description: str | None
    events: Annotated[list[str], Field(examples=[["payment.*", "refund.processed"]])]
    is_enabled: bool
    is_default: Annotated[bool, Field(description="it stands on the merchant's own row")]
    disabled_reason: Literal["by_hand", "gone", "failing"] | None
    disabled_at: At | None
    consecutive_failures: int
    first_failure_at: At | None
    secret_hint: Annotated[str | None, Field(description="the secret's last characters")]
    previous_secret_until: Annotated[
        At | None, Field(description="until then the secret before signs beside the new one")
    ]
    created_at: At
    updated_at: At


class WebhookEndpointWithSecret(WebhookEndpoint):
    """The same with its new secret, which is not shown again."""

    secret: str


class WebhookEndpoints(TypedDict):
    """All of a merchant's, the default first."""

    data: list[WebhookEndpoint]


class EndpointTested(TypedDict):
    """A test event is on its way."""

    delivery_id: Uuid
    event: str
    endpoint_id: Uuid
