"""What the queries of lists and of the stream may say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from .request_bodies import PageQuery, Request, moment, whole

OVERVIEW_HOURS_MAX = 720
ID_CHARS_MAX = 64


def _searched(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold a NUL character")
    return value


Moment = Annotated[
    datetime,
    BeforeValidator(moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-01T00:00:00Z"]}),
]
Searched = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_searched)]


class SpanQuery(PageQuery):
    """``?limit=&offset=&from=&to=``: made in a span of time."""

    from_: Moment | None = Field(None, alias="from", description="made then or later")
    to: Moment | None = Field(None, description="made before then")


class PaymentsQuery(SpanQuery):
    """``GET /payments``."""

    status: Literal["pending", "authorized", "success", "failed", "cancelled"] | None = Field(
        None, description="as payments show it"
    )
    method: Annotated[Searched, Field(max_length=20)] | None = Field(
        None, description="exactly, such as upi"
    )
    order_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = None
    q: Searched | None = Field(
        None,
        description="finds an id or an order's id by how it begins, an order's receipt or a "
        "vpa by a part, a card by its last four digits",
    )


class OrdersQuery(SpanQuery):
    """``GET /orders``."""

    status: Literal["created", "attempted", "paid"] | None = None
    q: Searched | None = Field(
        None, description="finds an id by how it begins, a receipt by a part"
    )


class RefundsQuery(SpanQuery):
    """``GET /refunds``."""

    status: Literal["pending", "processed", "failed"] | None = None
    payment_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = None


class MethodsQuery(Request):
    """``GET /checkout/methods``."""

    order_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = Field(
        None, description="only what can pay this order"
    )


class AttentionQuery(Request):
    """``GET /attention``."""

    resolved: Literal["true", "false"] = Field("false", description="what was resolved, instead")


class OverviewQuery(Request):
    """``GET /overview``."""

    hours: Annotated[int, BeforeValidator(whole), Field(ge=1, le=OVERVIEW_HOURS_MAX)] = Field(
        24, description="how far back"
    )


class StreamQuery(Request):
    """``GET /stream``."""

    cursor: Annotated[str, Field(max_length=32)] | None = Field(
        None,
        description="the `id` of the last event that was seen; 0 is before the first. "
        "`Last-Event-ID` says the same and wins",
    )


class PluginConfigRequest(Request):
    """``PUT /plugins/{id}/config``."""

    values: dict[str, Any] = Field(
        description="by field; what is left out stays, null goes back to the default"
    )
