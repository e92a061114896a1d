"""Webhooks in the dialect's shape."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
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

from .intents import KIND, WITHOUT_RECORD
from .refunds import KIND as REFUND
from .shapes import Intent, Row, intent_id, intent_object, refund_id, refund_object

TIMEOUT = timedelta(seconds=5)
API_VERSION = "2026-10-28.endive"
EVENTS = {
    "payment.authorized": "payment_intent.amount_capturable_updated",
    "payment.success": "payment_intent.succeeded",
    "payment.failed": "payment_intent.payment_failed",
    "payment.cancelled": "payment_intent.canceled",
    "refund.created": "refund.created",
    "refund.processed": "refund.updated",
    "refund.failed": "refund.failed",
}
"""paygate's event → the dialect's; it has none for the others."""


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


async def body_of(event: DeliverableEvent, context: CallContext) -> bytes:
    """Return the body. Its metadata are those of the time of the attempt."""
    data: dict[str, Any] = json.loads(event.body)["data"]
    if "refund" in data:
        kept = await _data(REFUND, refund_id(data["refund"]["id"]), context)
        shown = refund_object(data["refund"], data, kept.get("metadata") or {})
    else:
        shown = intent_object(await _intent(data["payment"], context))
    body = {
        "id": event.id,
        "object": "event",
        "api_version": API_VERSION,
        "created": int(event.created_at.timestamp()),
        "data": {"object": shown},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": EVENTS[event.type],
    }
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


async def _intent(payment: Row, context: CallContext) -> Intent:
    id = intent_id(payment["order_id"])
    data = await _data(KIND, id, context)
    return Intent(
        payment["order_id"],
        payment["amount"],
        payment["currency"],
        str(data.get("created_at") or payment["created_at"]),
        {**WITHOUT_RECORD, **data},
        [payment],
    )


async def _data(kind: str, id: str, context: CallContext) -> Mapping[str, Any]:
    record = await context.records.get(kind, id) if context.records is not None else None
    return record.data if record else {}
