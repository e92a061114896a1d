"""Webhooks in the dialect's shape."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from typing import Any

from paygate import (
    CallContext,
    DeliverableEvent,
    DeliveryResult,
    Endpoint,
    PluginInfo,
    post_event,
)

from .entities import payment_entity, refund_entity

TIMEOUT = timedelta(seconds=5)
EVENTS = {
    "payment.authorized": "payment.authorized",
    "payment.success": "payment.captured",
    "payment.failed": "payment.failed",
    "refund.created": "refund.created",
    "refund.processed": "refund.processed",
    "refund.failed": "refund.failed",
}
"""paygate's event → the dialect's; it has none for the others."""


class RazorpaySink:
    """Sends an event to an endpoint that names this sink, with ``X-Razorpay-Signature``."""

    info = PluginInfo(id="razorpay_wire", version="0.1.0", requires_api=6)
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
        body = body_of(event, endpoint)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "paygate-webhooks/0.1",
            "X-Razorpay-Event-Id": event.id,
            "X-Razorpay-Signature": signature(body, endpoint.secret),
        }
        return await post_event(endpoint.url, body, headers, context, timeout=TIMEOUT)


def signature(body: bytes, secret: str) -> str:
    """Return the signature of a webhook: HMAC-SHA256 of its exact bytes, in hex."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def body_of(event: DeliverableEvent, endpoint: Endpoint) -> bytes:
    """Return the body: the same bytes in every attempt."""
    data: dict[str, Any] = json.loads(event.body)["data"]
    if "refund" in data:
        name, entity = "refund", refund_entity(data["refund"], data["currency"])
    else:
        name, entity = "payment", payment_entity(data["payment"])
    shown = {
        "entity": "event",
        "account_id": f"acc_{endpoint.merchant_id.hex[:14]}",
        "event": EVENTS[event.type],
        "contains": [name],
        "payload": {name: {"entity": entity}},
        "created_at": int(event.created_at.timestamp()),
    }
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode()
