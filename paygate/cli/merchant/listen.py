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
from typing import Any

import structlog

from ...adapters.clock.database import SystemClock
from ...adapters.http.api_client import Access, StreamedEvent, open_api
from ...adapters.http.client import AiohttpClient
from ...core.plugin_api.plugin import Logger
from ...core.plugin_api.sink import DeliverableEvent
from ...core.webhooks.model import DeliveryResult, matches
from ...plugins.forwarding import Forwarder, find_sink

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


def warnings_logger() -> Logger:
    """Return a logger for what sends events.

    What a command prints is for programs too, and this process may have loggers of its own.
    """
    logger: Logger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    return logger


async def listen(command: Listen) -> int:
    """Forward events until it is stopped; return the exit code.

    Raises:
        OperatorError: The API cannot be reached or refuses, or the sink is not installed.
    """
    seen = 0
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(open_api(command.access))
        forward = await stack.enter_async_context(_Handler(command))
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


class _Handler:
    """Sends events to the handler with an event sink, if there is a handler."""

    def __init__(self, command: Listen) -> None:
        self._command = command
        self._http = AiohttpClient(allow_private=True)
        self._forwarder: Forwarder | None = None
        if command.forward_to:
            self._forwarder = Forwarder(
                find_sink(command.sink, command.environ),
                command.forward_to,
                http=self._http,
                clock=SystemClock(),
                logger=warnings_logger(),
            )

    async def __aenter__(self) -> _Handler:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._http.close()

    async def forward(self, event: StreamedEvent) -> Forwarded:
        began_s, at, result = time.monotonic(), _at(event), None
        if self._forwarder is not None:
            sent = DeliverableEvent(event.id or event.cursor, event.type, event.body, at)
            result = await self._forwarder.forward(sent, self._command.secret)
        return Forwarded(event, at, round(1000 * (time.monotonic() - began_s)), result)


def _at(event: StreamedEvent) -> datetime:
    return datetime.fromtimestamp(json.loads(event.body)["timestamp"], UTC)
