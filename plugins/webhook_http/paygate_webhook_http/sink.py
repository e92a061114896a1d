"""Deliver an event with one POST request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from pydantic import BaseModel, Field

from paygate import (
    CallContext,
    DeliverableEvent,
    DeliveryResult,
    Endpoint,
    HttpError,
    HttpResponse,
    PluginInfo,
)

from .signature import signed_headers

READ_BYTES_MAX = 64 * 1024
KEPT_BYTES_MAX = 4 * 1024
RETRY_AFTER_MAX = timedelta(hours=24)


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

    info = PluginInfo(id="webhook_http", version="0.1.0")

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
        try:
            response = await context.http.post(
                endpoint.url,
                body=event.body,
                headers=headers,
                timeout=min(self._timeout, context.deadline),
                response_bytes_max=READ_BYTES_MAX,
            )
        except HttpError as error:
            context.logger.info("no response to a webhook", kind=error.kind, detail=error.detail)
            return DeliveryResult(delivered=False, error=error.kind, request_headers=headers)
        if response.broken:
            context.logger.info("webhook response is incomplete", kind=response.broken)
        return DeliveryResult(
            delivered=200 <= response.status < 300,
            status_code=response.status,
            body=_kept(response),
            retry_after=retry_after(response.headers.get("retry-after"), now),
            request_headers=headers,
        )


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


def _kept(response: HttpResponse) -> str:
    text = response.body[:KEPT_BYTES_MAX].decode(errors="replace")
    # PostgreSQL cannot store this character.
    return text.replace("\0", "")


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Parse ``Retry-After``: seconds or a date; anything else is ignored."""
    if value is None:
        return None
    if value.isascii() and value.isdigit() and len(value) < 10:
        asked = timedelta(seconds=int(value))
    else:
        try:
            until = parsedate_to_datetime(value)
        except (TypeError, ValueError, IndexError):
            return None
        asked = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return max(timedelta(0), min(asked, RETRY_AFTER_MAX))
