"""The interface of event sinks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from ..limits import RETRY_AFTER_MAX
from ..webhooks.model import DeliveryResult, Endpoint
from .http_client import HttpError
from .plugin import CallContext, PluginInfo

READ_BYTES_MAX = 64 * 1024
KEPT_BYTES_MAX = 4 * 1024


@dataclass(frozen=True, slots=True)
class DeliverableEvent:
    """An event for a sink.

    Args:
        id: The same in all attempts; receivers may use it to recognize a copy.
        type: The type of event.
        body: The exact bytes to send.
        created_at: When it happened, in UTC.
        payment_id: The payment; None for an event without one. Use it as the key of a
            partitioned log, to keep the events of a payment in order.
    """

    id: str
    type: str
    body: bytes = field(repr=False)
    created_at: datetime
    payment_id: str | None = None


@runtime_checkable
class EventSink(Protocol):
    """Delivers events.

    An optional attribute ``concerns_endpoint`` (default True) says whether the result of an
    attempt is the endpoint's. A sink that writes elsewhere sets False: its failures do not
    disable a merchant's endpoint, and its successes do not keep a failing one enabled.

    An optional attribute ``only_if_named`` (default False) says that only endpoints that name
    the sink get its deliveries: such as those in the format of another gateway. An endpoint
    that names a sink gets no deliveries of others.
    """

    @property
    def info(self) -> PluginInfo:
        """The identity of the sink."""
        ...

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Check whether to deliver an event of that type to that endpoint. Pure."""
        ...

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Deliver the event once. It may be called again with the same ``event.id``."""
        ...


async def post_event(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    context: CallContext,
    *,
    timeout: timedelta,  # noqa: ASYNC109 - passed on
) -> DeliveryResult:
    """Send an event with one POST request. Any 2xx confirms it; redirects are not followed.

    Args:
        url: The endpoint's URL.
        body: The exact bytes to send.
        headers: Shown to the merchant too, so without secrets.
        context: Of the sink's call.
        timeout: The limit of the whole request, including the response body; the call's
            deadline may be shorter.
    """
    try:
        response = await context.http.post(
            url,
            body=body,
            headers=headers,
            timeout=min(timeout, context.deadline),
            response_bytes_max=READ_BYTES_MAX,
        )
    except HttpError as error:
        context.logger.info("no response to a webhook", kind=error.kind, detail=error.detail)
        return DeliveryResult(delivered=False, error=error.kind, request_headers=headers)
    if response.broken:
        context.logger.info("webhook response is incomplete", kind=response.broken)
    asked = response.retry_after(context.clock.now())
    return DeliveryResult(
        delivered=200 <= response.status < 300,
        status_code=response.status,
        # PostgreSQL cannot store a NUL character.
        body=response.body[:KEPT_BYTES_MAX].decode(errors="replace").replace("\0", ""),
        retry_after=None if asked is None else min(asked, RETRY_AFTER_MAX),
        request_headers=headers,
    )
