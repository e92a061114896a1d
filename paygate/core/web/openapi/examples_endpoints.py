"""The same story's endpoints, and what was sent to them."""

from __future__ import annotations

from ..wire import endpoints
from .examples import DELIVERY, DELIVERY_ID, MADE_AT, MERCHANT_ID, PAID_AT, PAYMENT_ID

DELIVERY_IN_FULL: endpoints.DeliveryInFull = {
    **DELIVERY,
    "event_id": "evt_Q2wE4rT6yU8iO0pA",
    "payment_id": PAYMENT_ID,
    "endpoint": {"id": MERCHANT_ID, "url": "https://shop.example/webhook"},
    "payload": {"event": "payment.success", "timestamp": 1768473066, "data": {}},
    "tries": [
        {
            "ordinal": 1,
            "started_at": PAID_AT,
            "finished_at": PAID_AT,
            "took_ms": 48,
            "url": "https://shop.example/webhook",
            "request_headers": {"webhook-id": "evt_Q2wE4rT6yU8iO0pA"},
            "status_code": 200,
            "error": None,
            "response_body": "OK",
        }
    ],
}
RECOVERED: endpoints.Recovered = {
    "dry_run": False,
    "matching": 1,
    "resent": 1,
    "sample": [{**DELIVERY, "status": "pending", "attempts": 0, "next_retry_at": PAID_AT}],
    "next_since": None,
}
NEW_ENDPOINT_REQUEST = {
    "url": "https://books.example/events",
    "events": ["payment.*", "refund.processed"],
    "description": "bookkeeping",
}
WEBHOOK_ENDPOINT: endpoints.WebhookEndpoint = {
    "id": "4f6f6a37-7d4e-4a55-9d1c-2f4f4a1f6b02",
    "url": "https://books.example/events",
    "description": "bookkeeping",
    "events": ["payment.*", "refund.processed"],
    "is_enabled": True,
    "is_default": False,
    "disabled_reason": None,
    "disabled_at": None,
    "consecutive_failures": 0,
    "first_failure_at": None,
    "secret_hint": "…pQ8=",
    "previous_secret_until": None,
    "created_at": MADE_AT,
    "updated_at": MADE_AT,
}
WEBHOOK_ENDPOINTS: endpoints.WebhookEndpoints = {"data": [WEBHOOK_ENDPOINT]}
WEBHOOK_ENDPOINT_WITH_SECRET: endpoints.WebhookEndpointWithSecret = {
    **WEBHOOK_ENDPOINT,
    "secret": "whsec_bm90IGEgc2VjcmV0IG9mIGFueWJvZHkncywgcQ==",
}
ENDPOINT_TESTED: endpoints.EndpointTested = {
    "delivery_id": DELIVERY_ID,
    "event": "webhook.test",
    "endpoint_id": "4f6f6a37-7d4e-4a55-9d1c-2f4f4a1f6b02",
}
