"""Webhooks in the dialect's shape."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta

from paygate import (
    CallContext,
    DeliverableEvent,
    DeliveryResult,
    Endpoint,
    PluginInfo,
    post_event,
)

from .events import EVENTS, event_object

TIMEOUT = timedelta(seconds=5)


class StripeSink:
    """Sends an event to an endpoint that names this sink, with ``Stripe-Signature``."""

    info = PluginInfo(id="stripe_wire", version="0.1.0", requires_api=6)
    only_if_named = True

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Return whether the dialect has the event."""
        return endpoint.url is not None and event_type in EVENTS

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Send it once. Any 2xx confirms it."""
        if endpoint.url is None or endpoint.secret is None:
            return DeliveryResult(delivered=False, error="no_url_or_secret")
        body = await body_of(event, context)
        if body is None:
            # A payment link that is no Checkout Session has no event there.
            return DeliveryResult(delivered=True)
        secrets = [each for each in (endpoint.secret, endpoint.previous_secret) if each]
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "paygate-webhooks/0.1",
            "Stripe-Signature": signature(body, int(context.clock.now().timestamp()), *secrets),
        }
        return await post_event(endpoint.url, body, headers, context, timeout=TIMEOUT)


def signature(body: bytes, at_s: int, *secrets: str) -> str:
    """Return the header of a webhook: HMAC-SHA256 of its time and its exact bytes.

    Args:
        body: The bytes.
        at_s: The time of the attempt, in Unix seconds.
        secrets: Each adds a signature: during a rotation there are two.
    """
    signed = f"{at_s}.".encode() + body
    digests = (hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets)
    return ",".join([f"t={at_s}", *(f"v1={digest}" for digest in digests)])


async def body_of(event: DeliverableEvent, context: CallContext) -> bytes | None:
    """Return the body; None if the dialect does not have the event.

    Its metadata are those of the time of the attempt.
    """
    body = await event_object(
        event.id,
        event.type,
        int(event.created_at.timestamp()),
        json.loads(event.body)["data"],
        context.records,
    )
    if body is None:
        return None
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
