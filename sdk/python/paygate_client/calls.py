"""Requests as values, which the clients send."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote
from uuid import uuid4

from .decoding import UNSET, Model
from .errors import ConfigurationError, UnexpectedResponseError
from .pages import Page

ROWS_OF_A_PAGE = 100
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")
T = TypeVar("T")
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and how its response is read.

    Args:
        verb: HTTP method.
        path: Below ``/api/v1``.
        read: Makes the result of the parsed JSON.
        query: Parameters; None counts as missing.
        body: Fields of the JSON body; None without a body.
        idempotency_key: The same in all attempts.
    """

    verb: str
    path: str
    read: Callable[[Any], T]
    query: Mapping[str, Any] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    idempotency_key: str | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.verb == "GET" or self.idempotency_key is not None

    @property
    def wait_s(self) -> float:
        """How long the server may wait before it responds, in seconds."""
        return float(self.query.get("wait") or 0)

    @property
    def parameters(self) -> Mapping[str, str]:
        """The query as it is sent."""
        given = {name: value for name, value in self.query.items() if value is not None}
        return {name: str(_plain(value)) for name, value in given.items()}

    @property
    def content(self) -> Mapping[str, Any] | None:
        """The body as it is sent.

        In a change None is sent, because it clears the field; otherwise it counts as missing.
        """
        if self.body is None:
            return None
        left_out = (UNSET,) if self.verb in {"PATCH", "PUT"} else (UNSET, None)
        return {name: _plain(value) for name, value in self.body.items() if value not in left_out}


class Send(Protocol):
    """Sends a request and returns its result."""

    def __call__(self, call: Call[T], /) -> T:
        """Send it, again if that is safe."""


class AsyncSend(Protocol):
    """Sends a request and returns its result, to await."""

    async def __call__(self, call: Call[T], /) -> T:
        """Send it, again if that is safe."""


def key_of(given: str | None) -> str:
    """Return the idempotency key of a request: the given one, or one that was never used.

    Raises:
        ConfigurationError: The server would refuse it, or ignore it: then a request that is sent
            again would be executed twice.
    """
    if given is None:
        return str(uuid4())
    # The server takes quotes off, and ignores a key that is empty then.
    if not isinstance(given, str) or not _KEY.fullmatch(given) or given == '""':
        raise ConfigurationError(
            "idempotency_key must be 1 to 255 printable ASCII characters, without spaces around it"
        )
    return given


def path(template: str, *places: str) -> str:
    """Return a path with ids in it.

    Raises:
        ConfigurationError: An id is empty, or would lead to another path.
    """
    for place in places:
        if not place or place in {".", ".."}:
            raise ConfigurationError(f"{place!r} is not an id")
    return template.format(*(quote(place, safe="") for place in places))


def page_of(row: type[Row]) -> Callable[[Any], Page[Row]]:
    """Return a function that reads a page of rows."""

    def read(given: Any) -> Page[Row]:
        if not isinstance(given, dict) or not isinstance(given.get("data"), list):
            raise UnexpectedResponseError("the response is not a page of a list")
        return Page(
            data=[row.from_json(each) for each in given["data"]],
            total=given.get("total", 0),
            limit=given.get("limit", 0),
            next_cursor=given.get("next_cursor"),
            total_is_bounded=bool(given.get("total_is_bounded")),
        )

    return read


def each_row(send: Send, call: Call[Page[Row]]) -> Iterator[Row]:
    """Yield the rows of all pages."""
    following: Call[Page[Row]] | None = _after(call, None)
    while following is not None:
        page = send(following)
        yield from page.data
        following = _next(following, page)


async def each_row_async(send: AsyncSend, call: Call[Page[Row]]) -> AsyncIterator[Row]:
    """Yield the rows of all pages."""
    following: Call[Page[Row]] | None = _after(call, None)
    while following is not None:
        page = await send(following)
        for row in page.data:
            yield row
        following = _next(following, page)


def _next(call: Call[Page[Row]], page: Page[Row]) -> Call[Page[Row]] | None:
    if page.next_cursor is None:
        return None
    if page.next_cursor == call.query.get("cursor"):
        raise UnexpectedResponseError("the next page is the same page again")
    return _after(call, page.next_cursor)


def _after(call: Call[Page[Row]], cursor: str | None) -> Call[Page[Row]]:
    return replace(call, query={**call.query, "limit": ROWS_OF_A_PAGE, "cursor": cursor})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return value
