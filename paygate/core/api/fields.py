"""Field types of requests, and checks that return clear errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails

from ..accounts.model import Role
from ..errors import InvalidInputError, NotFoundError
from ..event import could_match
from ..limits import (
    AMOUNT_MINOR_MAX,
    ENDPOINT_EVENTS_MAX,
    NOTES_BYTES_MAX,
    OFFSET_ROWS_MAX,
    PAGE_ROWS_DEFAULT,
    PAGE_ROWS_MAX,
    PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN,
    TEXT_CHARS_MAX,
    URL_CHARS_MAX,
)
from ..paging import PageRequest, SortedList
from ..webhooks.model import FILTER, is_filter
from .bodies import write
from .cursors import CURSOR_CHARS_MAX, parse_cursor

REASON_CHARS_MAX = 1000
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


class Request(BaseModel):
    """A request body. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


_UUID_CHARS = 36
YEARS = "2000 to 2200"
"""The range of the test clock, and so of every time."""
_SPACE_BEFORE_ZONE = re.compile(r"(?<=[0-9]) (?=[0-9]{2}:?[0-9]{2}\Z)")


def _with_plus(text: str) -> str:
    """Restore the plus sign of a time zone, which is a space if it was not encoded."""
    # Without a "T", the space may separate a date and a time.
    if "T" in text or text.count(" ") > 1:
        return _SPACE_BEFORE_ZONE.sub("+", text)
    return text


def maybe_uuid(value: object) -> UUID | None:
    """Parse an optional UUID in its canonical form."""
    if value is None:
        return None
    try:
        return UUID(value) if isinstance(value, str) and len(value) == _UUID_CHARS else _no_uuid()
    except ValueError:
        return _no_uuid()


def _no_uuid() -> NoReturn:
    raise ValueError("must be a UUID")


def optional_time(value: object) -> datetime | None:
    """Parse an optional time with its zone."""
    return None if value is None else parse_time(value)


def parse_time(value: object) -> datetime:
    """Parse a time with its zone."""
    try:
        at = datetime.fromisoformat(_with_plus(value)) if isinstance(value, str) else None
        # The first and last hours of Python's range overflow in other time zones.
        at = at.astimezone(UTC) if at and at.tzinfo else None
    except OverflowError:
        raise ValueError(f"must be a time in the years {YEARS}") from None
    except ValueError:
        at = None
    if at is None:
        raise ValueError("must be a time with its zone, such as 2026-01-01T00:00:00Z")
    return at


def whole(value: object) -> object:
    """Parse a query value: only digits."""
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError("must be a whole number")
    return int(value)


Text = Annotated[str, Field(max_length=TEXT_CHARS_MAX)]
Reason = Annotated[str, Field(max_length=REASON_CHARS_MAX)]
RefundAmount = Annotated[
    int, Field(ge=1, le=AMOUNT_MINOR_MAX, description="in minor units of the payment's currency")
]


def _no_notes(value: object) -> object:
    """Accept an empty list as an empty object: PHP serializes its empty map so."""
    return {} if value == [] and isinstance(value, list) else value


def _notes(value: dict[str, Any] | None) -> dict[str, Any]:
    if value is not None and len(write(value)) > NOTES_BYTES_MAX:
        raise ValueError(f"notes must be at most {NOTES_BYTES_MAX} bytes")
    return value or {}


Notes = Annotated[
    dict[str, Any] | None,
    BeforeValidator(_no_notes),
    AfterValidator(_notes),
    Field(description=f"any data, up to {NOTES_BYTES_MAX} bytes of JSON"),
]


class PageQuery(Request):
    """``?limit=&offset=&cursor=``."""

    limit: Annotated[int, BeforeValidator(whole), Field(ge=1)] = Field(
        PAGE_ROWS_DEFAULT, description=f"more than {PAGE_ROWS_MAX} is {PAGE_ROWS_MAX}"
    )
    offset: Annotated[int, BeforeValidator(whole), Field(ge=0, le=OFFSET_ROWS_MAX)] = 0
    cursor: Annotated[str, Field(max_length=CURSOR_CHARS_MAX)] | None = Field(
        None, description="the `next_cursor` of the page before; instead of `offset`"
    )


ID_CHARS_MAX = 64


def _searched(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


TimeField = Annotated[
    datetime,
    BeforeValidator(parse_time),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-01T00:00:00Z"]}),
]
Searched = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_searched)]


class SpanQuery(PageQuery):
    """A page of what was created in a period: ``?from=&to=``."""

    from_: TimeField | None = Field(None, alias="from", description="created at this time or later")
    to: TimeField | None = Field(None, description="created before this time")


_EMAIL = re.compile(r"[\x21-\x3f\x41-\x7e]{1,64}@[\x21-\x3f\x41-\x7e]{1,189}")


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("must be an e-mail address")
    return value.lower()


def _new_password(value: str) -> str:
    if len(value) < PASSWORD_CHARS_MIN:
        raise ValueError(f"must be at least {PASSWORD_CHARS_MIN} characters")
    return value


Email = Annotated[
    str,
    Field(max_length=TEXT_CHARS_MAX),
    AfterValidator(_email),
    WithJsonSchema(
        {"type": "string", "pattern": rf"^{_EMAIL.pattern}$", "examples": ["asha@example.com"]}
    ),
]
Password = Annotated[str, Field(min_length=1, max_length=PASSWORD_CHARS_MAX)]
RoleName = Annotated[Role, Field(strict=False)]
"""A role of a request, by its name."""
NewPassword = Annotated[
    str,
    Field(max_length=PASSWORD_CHARS_MAX),
    AfterValidator(_new_password),
    WithJsonSchema(
        {"type": "string", "minLength": PASSWORD_CHARS_MIN, "maxLength": PASSWORD_CHARS_MAX}
    ),
]

# The width of the column.
EVENT_CHARS_MAX = 50


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
            raise ValueError(f"names {each}, which is not an event of paygate")
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
Body = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)
PROTECTED = ("status", "merchant_id", "amount_refunded", "captured")
"""Fields that only paygate sets. Other unknown fields are ignored."""


def message_of(query: Mapping[str, str]) -> Mapping[str, str]:
    """Return the parameters that are not empty."""
    return {name: value for name, value in query.items() if value}


def parse_uuid(text: str, thing: str) -> UUID:
    """Parse an id in a path; an invalid UUID is not found."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(thing) from None


def refuse_protected(body: Body) -> None:
    """Refuse fields that only paygate sets.

    Raises:
        InvalidInputError: The body contains one.
    """
    for name in PROTECTED:
        if name in body:
            raise InvalidInputError(f"{name} cannot be set", field=name)


def checked(model: type[Model], given: Body) -> Model:
    """Validate input with a model.

    Raises:
        InvalidInputError: It is invalid; the message names the first wrong field.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    if given.get(field) is None and first["type"] == "string_type":
        # Null for a required text counts as missing.
        raise InvalidInputError(f"{field} is required", field=field)
    raise InvalidInputError(_sentence(first, field), field=field)


def _sentence(error: ErrorDetails, field: str) -> str:
    """Format an error in the words that clients of older gateways know."""
    bound = error.get("ctx", {})
    kind = error["type"]
    if kind in {"missing", "string_too_short"}:
        return f"{field} is required"
    if kind == "value_error":
        # A rule of paygate, which may begin with the field's name.
        reason = str(bound["error"])
        return reason if reason.startswith(field) else f"{field} {reason}"
    must_be = {
        "int_type": "an integer",
        "greater_than_equal": f"at least {bound.get('ge')}",
        "less_than_equal": f"at most {bound.get('le')}",
        "string_type": "a string",
        "string_too_long": f"at most {bound.get('max_length')} characters",
        "dict_type": "an object",
        "bool_type": "true or false",
        "literal_error": str(bound.get("expected", "")).replace("'", ""),
    }
    return f"{field} must be {must_be[kind]}" if kind in must_be else f"{field}: {error['msg']}"


def parse_page(query: Mapping[str, str], of: SortedList) -> PageRequest:
    """Parse ``?limit=&offset=&cursor=``; an empty value counts as missing.

    Raises:
        InvalidInputError: One is invalid, or the cursor is another list's.
    """
    names = PageQuery.model_fields
    asked = checked(PageQuery, {name: query[name] for name in names if query.get(name)})
    limit = min(asked.limit, PAGE_ROWS_MAX)
    if asked.cursor is None:
        return PageRequest(limit, asked.offset)
    if asked.offset:
        raise InvalidInputError("offset cannot be combined with cursor", field="offset")
    after = parse_cursor(asked.cursor, of)
    return PageRequest(limit, after.offset, after)
