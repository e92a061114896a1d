"""What is told, and where to."""

from __future__ import annotations

from ...wire import webhooks
from .ids import DELIVERY_ID, MADE_AT, MERCHANT_ID, PAID_AT

DELIVERY: webhooks.Delivery = {
    "id": DELIVERY_ID,
    "event": "payment.success",
    "status": "success",
    "attempts": 1,
    "created_at": PAID_AT,
    "last_attempt_at": PAID_AT,
    "next_retry_at": None,
    "response_code": 200,
    "response_body": "OK",
}


DELIVERY_RETRIED: webhooks.DeliveryRetried = {
    "id": DELIVERY_ID,
    "status": "pending",
    "message": "Webhook retry scheduled",
}


ENDPOINT_REQUEST = {"webhook_url": "https://shop.example/webhook"}


ENDPOINT: webhooks.Endpoint = {
    "id": MERCHANT_ID,
    "name": "Test Merchant",
    "email": "test@example.com",
    "api_key": "key_test_abc123",
    "webhook_url": "https://shop.example/webhook",
    "webhook_secret": "whsec_test_abc123",
    "created_at": MADE_AT,
    "success": True,
    "message": "Webhook settings",
    "data": {"url": "https://shop.example/webhook", "secret": "whsec_test_abc123"},
}


TEST_EVENT_SENT: webhooks.TestEventSent = {
    "status": "success",
    "message": "Test webhook enqueued",
    "id": DELIVERY_ID,
    "webhook_id": DELIVERY_ID,
    "scheduled": True,
    "event": "payment.test",
    "attempts": 0,
    "response_code": None,
    "created_at": MADE_AT,
}


STREAM = (
    "retry: 2000\nid: 41\n\n"
    "id: 42\nevent: payment.success\n"
    'data: {"event":"payment.success","timestamp":1768473066,"data":{}}\n\n'
)
