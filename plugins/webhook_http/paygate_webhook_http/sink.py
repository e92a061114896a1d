"""Deliver an event with one POST request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from paygate import (
    CallContext,
    DeliverableEvent,
    DeliveryResult,
    Endpoint,
    PluginInfo,
    post_event,
)

from .signature import signed_headers


class WebhookSettings(BaseModel):
    """Read from ``PAYGATE_WEBHOOK_HTTP_*``."""

    timeout_ms: int = Field(
        5000,
        ge=100,
        le=10_000,
        description="limit of the whole request, including the response body",
    )


class WebhookSink:
    """Sends the exact bytes of an event, signed, to the merchant's URL."""

    info = PluginInfo(id="webhook_http", version="0.1.0", requires_api=6)

    def __init__(self, settings: WebhookSettings) -> None:
        self._timeout = timedelta(milliseconds=settings.timeout_ms)

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:  # noqa: ARG002 - every event
        """Return whether the merchant has a webhook URL."""
        return endpoint.url is not None

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Send it once. Any 2xx confirms it; redirects are not followed."""
        if endpoint.url is None:
            return DeliveryResult(delivered=False, error="no_url")
        now = context.clock.now()
        headers = _headers(event, endpoint, now)
        return await post_event(endpoint.url, event.body, headers, context, timeout=self._timeout)


def _headers(event: DeliverableEvent, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:
    standing = {"Content-Type": "application/json", "User-Agent": "paygate-webhooks/0.1"}
    if endpoint.secret is None:
        # The merchant has no secret: send unsigned.
        return standing
    signed = signed_headers(
        id=event.id,
        timestamp=int(now.timestamp()),
        body=event.body,
        secret=endpoint.secret,
        previous=endpoint.previous_secret,
    )
    return {**standing, **signed}
