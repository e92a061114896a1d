"""Field types and models that responses share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, Literal, NotRequired, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from ..limits import COUNTED_ROWS_MAX
from ..paging import Page
from .cursors import cursor_to_text

Row = TypeVar("Row")
Minor = Annotated[int, Field(description="minor units of the currency", examples=[50000])]
At = Annotated[
    str,
    Field(
        description="ISO 8601 in UTC, to the millisecond",
        json_schema_extra={"format": "date-time"},
        examples=["2026-01-15T10:30:00.000Z"],
    ),
]
OrderId = Annotated[str, Field(examples=["order_NXhj67fGH2jk9mPq"])]
LinkId = Annotated[str, Field(examples=["plink_T5vXz8BcD1fGh3Jk"])]
PaymentId = Annotated[str, Field(examples=["pay_H8sK3jD9s2L1pQrT"])]
RefundId = Annotated[str, Field(examples=["rfnd_K7fL2mNp9QsT4vXz"])]
Uuid = Annotated[
    str,
    Field(
        json_schema_extra={"format": "uuid"},
        examples=["550e8400-e29b-41d4-a716-446655440000"],
    ),
]


class PageJson(TypedDict, Generic[Row]):
    """A page of a list, newest first."""

    data: list[Row]
    total: Annotated[int, Field(description=f"exact up to {COUNTED_ROWS_MAX}")]
    limit: int
    offset: int
    next_cursor: Annotated[
        str | None, Field(description="`cursor` of the next page; null at the end of the list")
    ]
    total_is_bounded: NotRequired[
        Annotated[Literal[True], Field(description="the list is longer than `total`")]
    ]


class ErrorDetailJson(TypedDict):
    """The error, for programs and for people."""

    code: Annotated[str, Field(examples=["BAD_REQUEST_ERROR"])]
    description: Annotated[str, Field(examples=["amount must be at least 100"])]
    reason: NotRequired[
        Annotated[
            str,
            Field(
                description="finer than `code`, and as stable; also in `Paygate-Reason`",
                examples=["invalid_request"],
            ),
        ]
    ]
    field: NotRequired[Annotated[str, Field(description="of the request", examples=["amount"])]]
    hint: NotRequired[Annotated[str, Field(description="what to do, if it is always the same")]]


class ErrorJson(TypedDict):
    """The body of every error response."""

    error: ErrorDetailJson


RowT = TypeVar("RowT")
ShownRow = TypeVar("ShownRow")


def page_to_json(rows: Page[RowT], show: Callable[[RowT], ShownRow]) -> PageJson[ShownRow]:
    """Return a page of a list in its envelope."""
    shown: PageJson[ShownRow] = {
        "data": [show(row) for row in rows.rows],
        "total": rows.total,
        "limit": rows.limit,
        "offset": rows.offset,
        "next_cursor": cursor_to_text(rows.next) if rows.next else None,
    }
    if rows.is_bounded:
        shown["total_is_bounded"] = True
    return shown


def error_to_json(
    *,
    code: str,
    description: str,
    reason: str | None = None,
    field: str | None = None,
    hint: str | None = None,
) -> ErrorJson:
    """Return the body of an error response.

    Args:
        code: The coarse code, known to clients of other gateways.
        description: A sentence for people.
        reason: The fine code; None where clients compare the whole body.
        field: The field of the request that is wrong.
        hint: What to do.
    """
    detail: ErrorDetailJson = {"code": code, "description": description}
    if reason:
        detail["reason"] = reason
    if field:
        detail["field"] = field
    if hint:
        detail["hint"] = hint
    return {"error": detail}


def timestamp(at: datetime) -> str:
    """Format a time as ISO 8601 in UTC with milliseconds, as JavaScript does."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def maybe_timestamp(at: datetime | None) -> str | None:
    """Return ``timestamp`` of a time, or None."""
    return timestamp(at) if at else None


def seconds(length: timedelta) -> float:
    """Return seconds, rounded to milliseconds."""
    return round(length.total_seconds(), 3)
