"""One story, shown on every operation of the document: an order that is paid and refunded."""

from __future__ import annotations

from ..wire import answers as wire
from ..wire import merchants, panels, stories

MERCHANT_ID = "550e8400-e29b-41d4-a716-446655440000"
ORDER_ID = "order_NXhj67fGH2jk9mPq"
PAYMENT_ID = "pay_H8sK3jD9s2L1pQrT"
DELIVERY_ID = "0b0f2f3a-6a0c-4d5e-9f5e-0d9a1c9a7d11"
MADE_AT = "2026-01-15T10:30:00.000Z"
PAID_AT = "2026-01-15T10:31:06.482Z"

ORDER_REQUEST = {
    "amount": 50_000,
    "currency": "INR",
    "receipt": "receipt_123",
    "notes": {"customer_name": "Asha Rao"},
}
ORDER_PUBLIC: wire.OrderPublic = {
    "id": ORDER_ID,
    "amount": 50_000,
    "currency": "INR",
    "status": "created",
}
MERCHANT_SETTINGS: merchants.MerchantSettings = {
    "id": MERCHANT_ID,
    "name": "Test Merchant",
    "allowed_origins": ["https://shop.example"],
}
ORDER: wire.Order = {
    **ORDER_PUBLIC,
    "merchant_id": MERCHANT_ID,
    "receipt": "receipt_123",
    "notes": {"customer_name": "Asha Rao"},
    "capture": "automatic",
    "created_at": MADE_AT,
    "updated_at": MADE_AT,
}
ORDER_IN_FULL: wire.OrderInFull = {
    **ORDER,
    "client_secret": f"{ORDER_ID}_secret_5f2b8c0d9e7a41f3b6c2d8e0f1a29384",
}
PAYMENT_REQUESTS = {
    "upi": {"order_id": ORDER_ID, "method": "upi", "vpa": "asha@paytm"},
    "card": {
        "order_id": ORDER_ID,
        "method": "card",
        "card": {
            "number": "4111111111111111",
            "expiry_month": "12",
            "expiry_year": "2030",
            "cvv": "123",
            "holder_name": "Asha Rao",
        },
    },
}
PAYMENT_CREATED: wire.PaymentCreated = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "amount": 50_000,
    "currency": "INR",
    "method": "upi",
    "vpa": "asha@paytm",
    "status": "pending",
    "created_at": MADE_AT,
}
PAYMENT: wire.Payment = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "merchant_id": MERCHANT_ID,
    "amount": 50_000,
    "currency": "INR",
    "method": "upi",
    "status": "success",
    "substatus": "success",
    "vpa": "asha@paytm",
    "card_network": None,
    "card_last4": None,
    "captured": False,
    "amount_authorized": 50_000,
    "amount_captured": 50_000,
    "amount_refunded": 0,
    "error_code": None,
    "error_description": None,
    "decline_code": None,
    "processor": "upi_sim",
    "scenario": None,
    "next_action": None,
    "created_at": MADE_AT,
    "updated_at": PAID_AT,
}
PAYMENT_PUBLIC: wire.PaymentPublic = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "amount": 50_000,
    "currency": "INR",
    "method": "upi",
    "vpa": "asha@paytm",
    "status": "success",
    "created_at": MADE_AT,
    "updated_at": PAID_AT,
}
PAYMENT_CAPTURED: wire.PaymentMoved = {
    "id": PAYMENT_ID,
    "order_id": ORDER_ID,
    "amount": 50_000,
    "currency": "INR",
    "method": "upi",
    "vpa": "asha@paytm",
    "status": "success",
    "substatus": "success",
    "captured": True,
    "amount_captured": 50_000,
    "created_at": MADE_AT,
    "updated_at": PAID_AT,
}
PAYMENT_CANCELLED: wire.PaymentMoved = {
    **PAYMENT_CAPTURED,
    "status": "authorized",
    "substatus": "voiding",
    "captured": False,
    "amount_captured": 0,
}
TIMELINE: wire.Timeline = {
    "data": [
        {
            "at": MADE_AT,
            "what": "payment is pending",
            "kind": "transition",
            "id": f"{PAYMENT_ID}.1",
            "data": {"from": None, "to": "pending", "version": 1},
        },
        {
            "at": MADE_AT,
            "what": "event payment.created",
            "kind": "event",
            "id": "evt_Ab12Cd34Ef56Gh78",
            "data": {"type": "payment.created", "seq": 1},
        },
        {
            "at": PAID_AT,
            "what": "upi_sim was asked to query: Approved after 3 ms",
            "kind": "plugin_call",
            "id": "call_7",
            "data": {
                "name": "query",
                "operation_id": "op_Qw12Er34Ty56Ui78",
                "processor": "upi_sim",
                "took_ms": 3,
                "given": {"amount": 50_000, "currency": "INR", "kind": "charge"},
                "answer": {"class": "Approved", "reference": "upi-1", "amount": 50_000},
            },
        },
        {
            "at": PAID_AT,
            "what": "payment is success",
            "kind": "transition",
            "id": f"{PAYMENT_ID}.3",
            "data": {"from": "processing", "to": "success", "version": 3},
        },
    ],
    "truncated": False,
}
REVIEWS: stories.Reviews = {
    "data": [
        {
            "id": "op_T5vX2wYz8AbC1dEf",
            "payment_id": PAYMENT_ID,
            "kind": "charge",
            "amount": 50_000,
            "currency": "INR",
            "processor": "upi_sim",
            "note": "unknown: no answer within 10 s",
            "since": PAID_AT,
        }
    ]
}
PANEL: panels.PanelShown = {
    "id": "acme.velocity",
    "plugin": "acme",
    "title": "Payments an hour",
    "kind": "figures",
    "place": "overview",
    "columns": [],
    "rows": [],
    "figures": [{"label": "Payments", "value": 12, "unit": ""}],
}
PANELS: panels.Panels = {
    "data": [
        {
            "id": "acme.velocity",
            "plugin": "acme",
            "title": "Payments an hour",
            "kind": "figures",
            "place": "overview",
        }
    ]
}

SCENARIOS: stories.Scenarios = {
    "data": [
        {
            "name": "late_success",
            "number": 50,
            "says": "Declined, and approved ten minutes later after all.",
            "methods": [],
            "vpa": "late_success@sim",
            "card": "4000010000000506",
            "amount": 19_050,
        }
    ]
}
NAMESPACE_REQUEST = {
    "name": "test_a_decline_is_shown",
    "webhook_url": "http://localhost:5000/webhook",
    "scenario": "insufficient_funds",
}
NAMESPACE: stories.Namespace = {
    "id": DELIVERY_ID,
    "name": "test_a_decline_is_shown",
    "api_key": "key_ns_5d0f6b9c3a7e41f28b6c9d0e1f2a3b4c",
    "api_secret": "secret_ns_9a8b7c6d5e4f40312213141516171819",
    "webhook_url": "http://localhost:5000/webhook",
    "webhook_secret": "whsec_c2VjcmV0IG9mIGEgbmFtZXNwYWNlIGZvciB0ZXN0cw==",
    "scenario": "insufficient_funds",
    "created_at": MADE_AT,
}
NAMESPACE_RETIRED: stories.NamespaceRetired = {"id": DELIVERY_ID, "retired": True}
CALLBACKS: stories.Callbacks = {
    "data": [
        {
            "id": 1,
            "processor": "upi_sim",
            "received_at": PAID_AT,
            "key": "op_T5vX2wYz8AbC1dEf:0",
            "operation_id": "op_T5vX2wYz8AbC1dEf",
            "payment_id": PAYMENT_ID,
            "effect": "applied",
            "reason": None,
        }
    ]
}
TOTALS: wire.Totals = {"totalTransactions": 12, "totalAmount": 550_000, "successRate": 92}
REFUND_REQUEST = {"amount": 20_000, "reason": "customer asked"}
REFUND_CREATED: wire.RefundCreated = {
    "id": "rfnd_K7fL2mNp9QsT4vXz",
    "payment_id": PAYMENT_ID,
    "amount": 20_000,
    "reason": "customer asked",
    "status": "pending",
    "created_at": PAID_AT,
}
REFUND: wire.Refund = {
    **REFUND_CREATED,
    "status": "processed",
    "processed_at": "2026-01-15T10:31:10.120Z",
}
DELIVERY: wire.Delivery = {
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
DELIVERY_RETRIED: wire.DeliveryRetried = {
    "id": DELIVERY_ID,
    "status": "pending",
    "message": "Webhook retry scheduled",
}
ENDPOINT_REQUEST = {"webhook_url": "https://shop.example/webhook"}
ENDPOINT: wire.Endpoint = {
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
TEST_EVENT_SENT: wire.TestEventSent = {
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
TEST_MERCHANT: wire.TestMerchant = {
    "id": MERCHANT_ID,
    "email": "test@example.com",
    "api_key": "key_test_abc123",
    "seeded": True,
}
WORK: wire.Work = {
    "pending": 2,
    "processing": 1,
    "completed": 145,
    "failed": 0,
    "worker_status": "running",
}
CLOCK_HELD: wire.ClockShown = {"now": "2026-01-18T10:30:00.000Z", "held": True}
CLOCK_RUNNING: wire.ClockShown = {"now": MADE_AT, "held": False}
CLOCK_ADVANCED: wire.ClockAdvanced = {**CLOCK_HELD, "steps": 5, "idle": True}
HEALTH: wire.Health = {
    "status": "healthy",
    "database": "connected",
    "db": "connected",
    "redis": "connected",
    "degraded": False,
    "timestamp": MADE_AT,
}
METHODS: wire.MethodsOffered = {
    "data": [
        {
            "name": "upi",
            "title": "UPI",
            "flows": ["collect"],
            "schema": {"type": "object", "properties": {"vpa": {"type": "string"}}},
        }
    ]
}
INDEX: wire.Index = {
    "name": "paygate",
    "version": "0.1.0",
    "health": "/health",
    "openapi": "/openapi.json",
    "docs": "/docs/api",
}


def page(row: object) -> object:
    """A list of one."""
    return {"data": [row], "total": 1, "limit": 10, "offset": 0}


STREAM = (
    "retry: 2000\nid: 41\n\n"
    "id: 42\nevent: payment.success\n"
    'data: {"event":"payment.success","timestamp":1768473066,"data":{}}\n\n'
)
