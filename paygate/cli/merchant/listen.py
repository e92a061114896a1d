"""``paygate listen``: forward the merchant's events to a local handler, signed like webhooks."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import structlog

from ...adapters.clock.database import SystemClock
from ...adapters.http.api_client import Access, StreamedEvent, open_api
from ...adapters.http.client import AiohttpClient
from ...core.errors import OperatorError
from ...core.limits import PLUGIN_CALL
from ...core.plugin_api.plugin import CallContext
from ...core.plugin_api.sink import DeliverableEvent, EventSink
from ...core.webhooks.model import DeliveryResult, Endpoint, matches
from ...plugins.host import installed_plugins, load_plugins

NO_MERCHANT = UUID(int=0)
FAILED = 1


@dataclass(frozen=True, slots=True)
class Listen:
    """What to forward, and where to.

    Args:
        access: The API.
        forward_to: The handler's URL; None prints the events only.
        events: Filters such as ``payment.*``; empty for all.
        since: The cursor after which it begins; None for now.
        secret: Signs what is forwarded.
        sink: The event sink that forwards; its plugin must be installed.
        count: Ends after so many events; None for never.
        exit_on_failure: Ends when the handler does not accept an event.
        as_json: Prints a JSON object for each event.
        environ: The settings of plugins.
    """

    access: Access
    forward_to: str | None
    events: tuple[str, ...] = ()
    since: str | None = None
    secret: str = field(default="", repr=False)
    sink: str = "webhook_http"
    count: int | None = None
    exit_on_failure: bool = False
    as_json: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)


def new_secret() -> str:
    """Return a secret for this run."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


async def listen(command: Listen) -> int:
    """Forward events until it is stopped; return the exit code.

    Raises:
        OperatorError: The API cannot be reached or refuses, or the sink is not installed.
    """
    seen = 0
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(open_api(command.access))
        forward = await stack.enter_async_context(_Forwarder(command))
        async for event in api.events(command.since):
            if command.events and not matches(command.events, event.type):
                continue
            shown = await forward.forward(event)
            print(shown.line(as_json=command.as_json), flush=True)
            seen += 1
            if not shown.is_accepted and command.exit_on_failure:
                return FAILED
            if command.count is not None and seen >= command.count:
                break
    return 0


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An event, when it happened, and the handler's response; None if nothing was sent."""

    event: StreamedEvent
    at: datetime
    took_ms: int
    result: DeliveryResult | None

    @property
    def is_accepted(self) -> bool:
        """Whether the handler accepted it, or there is none."""
        return self.result is None or self.result.delivered

    def line(self, *, as_json: bool) -> str:
        """Return what is printed."""
        if as_json:
            return json.dumps(self._shown())
        answer = ""
        if self.result is not None:
            status = self.result.status_code or self.result.error or "failed"
            answer = f"  -> {status} in {self.took_ms} ms"
        at = self.at.astimezone().strftime("%H:%M:%S")
        return f"{at}  {self.event.type:24} {self.event.subject:22} {self.event.cursor:>8}{answer}"

    def _shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "cursor": self.event.cursor,
            "id": self.event.id,
            "event": self.event.type,
            "subject": self.event.subject,
            "at": self.at.isoformat(),
        }
        if self.result is not None:
            shown |= {
                "delivered": self.result.delivered,
                "status_code": self.result.status_code,
                "error": self.result.error,
                "took_ms": self.took_ms,
            }
        return shown


class _Forwarder:
    """Sends events to the handler with an event sink, as a worker does."""

    def __init__(self, command: Listen) -> None:
        self._command = command
        self._clock = SystemClock()
        self._http = AiohttpClient(allow_private=True)
        self._sink = _sink(command) if command.forward_to else None
        self._endpoint = Endpoint(NO_MERCHANT, NO_MERCHANT, command.forward_to, command.secret)
        # What is printed is for programs too. This process may have loggers of its own.
        self._logger = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        )

    async def __aenter__(self) -> _Forwarder:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._http.close()

    async def forward(self, event: StreamedEvent) -> Forwarded:
        began_s, at, result = time.monotonic(), _at(event), None
        if self._sink is not None:
            sent = DeliverableEvent(event.id or event.cursor, event.type, event.body, at)
            result = await self._sink.deliver(sent, self._endpoint, self._context(event))
        return Forwarded(event, at, round(1000 * (time.monotonic() - began_s)), result)

    def _context(self, event: StreamedEvent) -> CallContext:
        return CallContext(
            merchant_id=NO_MERCHANT,
            operation_id=event.id,
            deadline=PLUGIN_CALL,
            clock=self._clock,
            rng=Random(event.id),
            http=self._http,
            logger=self._logger,
        )


def _at(event: StreamedEvent) -> datetime:
    return datetime.fromtimestamp(json.loads(event.body)["timestamp"], UTC)


def _sink(command: Listen) -> EventSink:
    sinks = load_plugins(installed_plugins(), environ=command.environ).registry.sinks
    if command.sink not in sinks:
        raise OperatorError(
            setting="--sink",
            problem=f"no installed plugin has the event sink {command.sink!r}",
            remedy=f"Choose one of: {', '.join(sorted(sinks)) or 'none is installed'}",
        )
    return sinks[command.sink]
