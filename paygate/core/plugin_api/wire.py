"""The interface of wire dialects: APIs of other gateways that plugins serve.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..clock import Clock
from .http_client import HttpMethod
from .plugin import Logger
from .records import Records


@dataclass(frozen=True, slots=True)
class Credentials:
    """A merchant's keys, as a request of the dialect carries them."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request to a dialect.

    Args:
        method: The HTTP method, in capitals.
        path: The path without the dialect's prefix, such as ``/v1/orders``.
        places: The path parameters of the route by name.
        query: Name and value of each query parameter, in their order.
        headers: With lower-case names; without the credentials.
        body: The exact bytes.
        id: A new id that no other request has, and that cannot be guessed.
    """

    method: str
    path: str
    places: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    id: str

    def json(self) -> Any:
        """Parse the body as JSON.

        Raises:
            WireRefusal: It is not JSON, or contains half a surrogate pair.
        """
        try:
            parsed = json.loads(self.body or b"{}")
            # Half a pair can be in no path, query or body.
            json.dumps(parsed, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise WireRefusal(400, "BAD_REQUEST_ERROR", "The body is not valid JSON") from None
        return parsed


@dataclass(frozen=True, slots=True)
class WireReply:
    """A response of a dialect.

    Args:
        body: Plain JSON, or the exact bytes.
        status: 200 to 599.
        headers: Further headers.
        content_type: For bytes; any other body is JSON.
    """

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class WireRefusal(Exception):  # noqa: N818 - a response, not a failure
    """A refused request: by the gateway, by the host, or by the dialect itself.

    Args:
        status: The HTTP status that the gateway's own API returns for it.
        code: Its code there, such as ``NOT_FOUND_ERROR``; ``NOT_SUPPORTED`` (501) is a request
            that the dialect has no route for.
        description: One sentence for people.
        reason: The stable word for programs, such as ``order_paid``.
        field: The field of the gateway's request; None if it is not about one.
        retry_after_s: Seconds until the request may succeed.
        hint: What to do instead, such as the payment methods that are installed.
    """

    def __init__(
        self,
        status: int,
        code: str,
        description: str,
        *,
        reason: str | None = None,
        field: str | None = None,
        retry_after_s: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description
        self.reason = reason
        self.field = field
        self.retry_after_s = retry_after_s
        self.hint = hint


class Gateway(Protocol):
    """The gateway for one request of a dialect: its own API, with the merchant's keys.

    Everything that the API guarantees holds here too: a dialect is a client of it. It sees
    the merchant of the keys and no other.
    """

    async def call(
        self,
        method: HttpMethod,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        scenario: str | None = None,
    ) -> Any:
        """Send a request to the gateway's API; return the JSON of its response.

        Args:
            method: The HTTP method.
            path: The path after ``/api/v1``, such as ``/orders``. Quote ids in it.
            body: The JSON body.
            query: The query parameters.
            idempotency_key: Any text: the dialect's keys are in a space of their own.
            scenario: The scenario that simulated processors play.

        Raises:
            WireRefusal: The gateway has refused the request, or cannot answer it now.
        """
        ...


@dataclass(frozen=True, slots=True)
class WireContext:
    """The context of a request to a dialect.

    Args:
        gateway: The gateway, for the merchant of the request.
        credentials: The merchant's keys: some gateways sign responses with the secret.
        clock: The app's time.
        logger: A logger that redacts.
        url: The address at which the client reaches the dialect, without a slash at the end.
        records: The plugin's own rows of the merchant.
    """

    gateway: Gateway
    credentials: Credentials
    clock: Clock
    logger: Logger
    url: str
    records: Records


WireHandler = Callable[[WireRequest, WireContext], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class WireRoute:
    """A route of a dialect.

    Args:
        method: The HTTP method.
        path: Begins with a slash; ``{name}`` is a path parameter.
        handler: Returns a ``WireReply``, or plain JSON for a 200 response; raises
            ``WireRefusal`` to refuse.
    """

    method: HttpMethod
    path: str
    handler: WireHandler


@dataclass(frozen=True, slots=True)
class WireDialect:
    """The API of another gateway, served under ``/wire/<name>``.

    Any other request under the prefix is refused with status 501 and counted. So is one that a
    handler refuses with that status.

    Args:
        name: Lower-case letters, digits and underscores.
        routes: Routes that differ in method or path.
        authenticate: Returns the keys in the headers of a request, whose names are in lower
            case; None without any. The host checks them.
        refuse: Returns the response to a refused request, in the other gateway's format.
    """

    name: str
    routes: Sequence[WireRoute]
    authenticate: Callable[[Mapping[str, str]], Credentials | None]
    refuse: Callable[[WireRefusal], WireReply]
