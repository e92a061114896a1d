"""What the kit passes to a plugin: a manual clock, an HTTP client and a log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from random import Random
from typing import Any
from uuid import UUID

from ...core.plugin_api.http_client import (
    NOTHING,
    RESPONSE_BYTES_MAX,
    ClientCertificate,
    HttpError,
    HttpMethod,
    HttpResponse,
    url_with,
)
from ...core.plugin_api.plugin import CallContext

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
MERCHANT = UUID(int=0x1AF1)
DEADLINE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that was sent through ``context.http``.

    Args:
        url: With the parameters.
        body: The exact bytes.
        headers: As they were given.
        timeout: For the whole request.
        method: In capital letters.
        moves_money: What the plugin says of it; True for ``post``.
        certificate: The client's.
    """

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: timedelta
    method: str = "POST"
    moves_money: bool = True
    certificate: ClientCertificate | None = None

    def holds(self, text: str) -> bool:
        """Check whether the request contains a text."""
        return text.encode() in self.body or text in self.url or text in str(dict(self.headers))


Network = Callable[[Sent], HttpResponse | Awaitable[HttpResponse]]
"""Simulates the receiver: takes a request, returns the response or raises ``HttpError``."""


@dataclass(slots=True)
class ManualClock:
    """A clock that is set manually."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True)
class ListLog:
    """Stores log lines."""

    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def debug(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))


@dataclass(slots=True)
class RecordingClient:
    """An HTTP client that only reaches the author's network.

    Args:
        network: Creates the responses; None for an empty 200.
        sent: The requests, in order.
    """

    network: Network | None = None
    sent: list[Sent] = field(default_factory=list)

    def check(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise HttpError("invalid_url", "http or https")

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,  # noqa: ASYNC109 - required by the Protocol
        response_bytes_max: int,
    ) -> HttpResponse:
        return await self.request(
            "POST",
            url,
            body=body,
            headers=headers,
            timeout=timeout,
            response_bytes_max=response_bytes_max,
            moves_money=True,
        )

    async def request(
        self,
        method: HttpMethod,
        url: str,
        *,
        params: Mapping[str, str] = NOTHING,
        body: bytes = b"",
        headers: Mapping[str, str] = NOTHING,
        timeout: timedelta,  # noqa: ASYNC109 - required by the Protocol
        response_bytes_max: int = RESPONSE_BYTES_MAX,
        certificate: ClientCertificate | None = None,
        moves_money: bool = False,
    ) -> HttpResponse:
        address = url_with(url, params)
        sent = Sent(address, bytes(body), dict(headers), timeout, method, moves_money, certificate)
        self.sent.append(sent)
        await asyncio.sleep(0)
        if self.network is None:
            return HttpResponse(200, {}, b"{}", is_truncated=False)
        answer = self.network(sent)
        given = await answer if isawaitable(answer) else answer
        body = given.body[:response_bytes_max]
        return HttpResponse(given.status, given.headers, body, len(body) < len(given.body))

    async def close(self) -> None:
        """See ``Http.close``."""


@dataclass(slots=True)
class Stage:
    """The environment of one plugin in one check."""

    line: RecordingClient = field(default_factory=RecordingClient)
    clock: ManualClock = field(default_factory=ManualClock)
    log: ListLog = field(default_factory=ListLog)

    def call(
        self,
        operation_id: str,
        *,
        state: Mapping[str, Any] | None = None,
        deadline: timedelta = DEADLINE,
    ) -> CallContext:
        """Return the context of one call, as the host creates it."""
        return CallContext(
            merchant_id=MERCHANT,
            operation_id=operation_id,
            deadline=deadline,
            clock=self.clock,
            rng=Random(f"7:{operation_id}"),
            http=self.line,
            logger=self.log,
            state=state,
            asked_at=NOW,
        )


def fails_with(kind: str) -> Network:
    """Return a network that never responds."""

    def fail(_sent: Sent) -> HttpResponse:
        raise HttpError(kind, "simulated by the kit")

    return fail


def answers(status: int, body: bytes = b"", **headers: str) -> Network:
    """Return a network that always responds the same."""
    return lambda _sent: HttpResponse(status, headers, body, is_truncated=False)


async def hangs(sent: Sent) -> HttpResponse:
    """Return a network that uses the whole timeout."""
    await asyncio.sleep(sent.timeout.total_seconds())
    raise HttpError("timeout", "simulated by the kit")
