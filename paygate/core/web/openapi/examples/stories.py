"""What tests and operators are shown."""

from __future__ import annotations

from ...wire import answers as wire
from ...wire import merchants, panels, stories
from .ids import DELIVERY_ID, MADE_AT, MERCHANT_ID, PAID_AT, PAYMENT_ID

MERCHANT_SETTINGS: merchants.MerchantSettings = {
    "id": MERCHANT_ID,
    "name": "Test Merchant",
    "allowed_origins": ["https://shop.example"],
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


CLOCK_HELD: stories.ClockShown = {
    "now": "2026-01-18T10:30:00.000Z",
    "held": True,
    "shift_seconds": 0.0,
}


CLOCK_RUNNING: stories.ClockShown = {"now": MADE_AT, "held": False, "shift_seconds": 0.0}


CLOCK_ADVANCED: stories.ClockAdvanced = {
    "now": "2026-01-18T10:30:00.052Z",
    "held": False,
    "shift_seconds": 259_200.05,
    "steps": 5,
    "idle": True,
}


HEALTH: wire.Health = {
    "status": "healthy",
    "database": "connected",
    "db": "connected",
    "redis": "connected",
    "degraded": False,
    "timestamp": MADE_AT,
}


INDEX: wire.Index = {
    "name": "paygate",
    "version": "0.1.0",
    "health": "/health",
    "openapi": "/openapi.json",
    "docs": "/docs/api",
}
