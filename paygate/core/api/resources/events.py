"""Events: the past ones in pages. ``stream`` sends new ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from quart import Blueprint, Response, request
from typing_extensions import TypedDict

from ...paging import EVENT_LIST
from ...payments.queries import find_event
from ...webhooks.store import EventSearch, FoundEvent
from ..auth import merchant_of_request
from ..context import deps_of_app
from ..documented import PAID_AT, PAYMENT_ID, documented, example_page
from ..errors import json_response
from ..fields import (
    EVENT_CHARS_MAX,
    ID_CHARS_MAX,
    Searched,
    SpanQuery,
    checked,
    message_of,
    parse_page,
)
from ..shapes import At, PageJson, PaymentId, page_to_json, timestamp

TYPES_MAX = 20


class StoredEventJson(TypedDict):
    """An event, with the body of its webhooks."""

    id: Annotated[
        str,
        Field(
            description="the same in webhooks and in the event stream",
            examples=["evt_Q2wE4rT6yU8iO0pA"],
        ),
    ]
    type: Annotated[str, Field(examples=["payment.success"])]
    payment_id: Annotated[
        PaymentId | None, Field(description="null for an event that is about no payment")
    ]
    created_at: At
    request_id: Annotated[
        str | None,
        Field(
            description="`X-Request-Id` of the request that caused it; null if there was none, as "
            "for a processor's response to a payment",
            examples=["req_Z8xC6vB4nM2kJ0hG"],
        ),
    ]
    payload: Annotated[
        dict[str, Any], Field(description="the body of its webhooks, the same in every attempt")
    ]


def _types(value: str) -> str:
    types = value.split(",")
    if len(types) > TYPES_MAX or not all(0 < len(each) <= EVENT_CHARS_MAX for each in types):
        raise ValueError(f"must be at most {TYPES_MAX} event types with commas between them")
    return value


class EventsQuery(SpanQuery):
    """Query of ``GET /events``."""

    type: (
        Annotated[
            Searched, Field(max_length=TYPES_MAX * (EVENT_CHARS_MAX + 1)), AfterValidator(_types)
        ]
        | None
    ) = Field(
        None,
        description=f"an event type such as payment.success, or up to {TYPES_MAX} of them with "
        "commas between them",
    )
    payment_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = Field(
        None, description="about this payment or a refund of it"
    )


def parse_events(query: Mapping[str, str]) -> EventSearch:
    """Parse the filters of ``GET /events``."""
    asked = checked(EventsQuery, message_of(query))
    return EventSearch(
        since=asked.from_,
        until=asked.to,
        types=frozenset(asked.type.split(",")) if asked.type else frozenset(),
        payment_id=asked.payment_id,
    )


def event_to_json(event: FoundEvent) -> StoredEventJson:
    """Return an event."""
    # Rows that were inserted with SQL may contain any JSON.
    payload = json.loads(event.body)
    return {
        "id": event.id,
        "type": event.type,
        "payment_id": event.payment_id,
        "created_at": timestamp(event.created_at),
        "request_id": event.request_id,
        "payload": payload if isinstance(payload, dict) else {"value": payload},
    }


EVENT_EXAMPLE: StoredEventJson = {
    "id": "evt_Q2wE4rT6yU8iO0pA",
    "type": "payment.success",
    "payment_id": PAYMENT_ID,
    "created_at": PAID_AT,
    "request_id": None,
    "payload": {
        "event": "payment.success",
        "timestamp": 1768473066,
        "created_at": PAID_AT,
        "data": {"payment_id": PAYMENT_ID, "amount": 50_000, "currency": "INR"},
    },
}

routes = Blueprint("events", __name__)


@routes.get("/events")
@documented(
    "List events",
    PageJson[StoredEventJson],
    example_page(EVENT_EXAMPLE),
    query=EventsQuery,
    about="Every event of the merchant, also those that no endpoint subscribes to. To follow new "
    "events, use the event stream: it leaves none out.",
)
async def index() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    search = parse_events(request.args)
    asked = parse_page(request.args, EVENT_LIST)
    page = await deps.storage.feed.page(merchant.id, asked, search)
    return json_response(page_to_json(page, event_to_json))


@routes.get("/events/<event_id>")
@documented("Show an event", StoredEventJson, EVENT_EXAMPLE)
async def show(event_id: str) -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    return json_response(event_to_json(await find_event(event_id, merchant, deps)))
