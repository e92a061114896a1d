"""Answers of the routes that operate the gateway, as the document shows them."""

from __future__ import annotations

from ..wire import overview as wire
from .examples import MADE_AT, PAID_AT, PAYMENT_ID

OVERVIEW: wire.Overview = {
    "from": "2026-01-15T10:00:00.000Z",
    "to": PAID_AT,
    "bucket_s": 3600,
    "volume": [
        {
            "at": "2026-01-15T10:00:00.000Z",
            "payments": 3,
            "succeeded": 2,
            "failed": 1,
            "amount_minor": {"INR": 100_000},
        }
    ],
    "methods": [{"method": "upi", "payments": 3, "succeeded": 2, "failed": 1}],
    "declines": [{"code": "insufficient_funds", "payments": 1}],
    "latency_ms": {"p50": 6240.5, "p95": 9410.0, "p99": 9800.1, "samples": 3},
    "deliveries": {
        "pending": 0,
        "succeeded": 9,
        "failed": 0,
        "first_try_share": 1.0,
        "p95_ms": 84.2,
    },
    "refunds": {"count": 1, "amount_minor": {"INR": 20_000}},
}
ATTENTION_ITEM: wire.AttentionItem = {
    "id": "callback-12",
    "kind": "conflict",
    "at": PAID_AT,
    "processor": "upi_sim",
    "payment_id": PAYMENT_ID,
    "operation_id": "op_Qw12Er34Ty56Ui78",
    "reason": "the charge is succeeded, and now it failed",
    "resolved": None,
}
ATTENTION: wire.AttentionList = {"data": [ATTENTION_ITEM]}
ATTENTION_RESOLVED: wire.AttentionItem = {
    **ATTENTION_ITEM,
    "resolved": {"at": PAID_AT, "by": "op@example.com", "note": "The bank confirmed the charge."},
}
OPERATION_ID = "op_Qw12Er34Ty56Ui78"
WORKERS: wire.Workers = {
    "workers": [
        {
            "id": "host-1-4711-a1b2c3",
            "kind": "worker",
            "started_at": MADE_AT,
            "heartbeat_at": PAID_AT,
            "is_alive": True,
        }
    ],
    "queues": [
        {
            "name": "payments",
            "waiting": 2,
            "due": 1,
            "leased": 0,
            "set_aside": 1,
            "oldest_due_at": MADE_AT,
        }
    ],
    "stuck": [
        {
            "id": OPERATION_ID,
            "queue": "payments",
            "state": "set_aside",
            "payment_id": PAYMENT_ID,
            "due_at": MADE_AT,
            "claims": 0,
            "reason": "nobody could say what became of it",
        }
    ],
}
RELEASED: wire.Released = {"id": OPERATION_ID, "queue": "payments", "due_at": PAID_AT}
PLUGIN: wire.Plugin = {
    "id": "upi_sim",
    "version": "0.1.0",
    "distribution": "paygate-upi-sim",
    "offers": {
        "methods": [{"code": "upi", "label": "UPI", "flows": ["collect", "intent", "qr"]}],
        "processors": [
            {
                "id": "upi_sim",
                "capabilities": {
                    "methods": {"upi": ["collect", "intent", "qr"]},
                    "currencies": ["INR"],
                    "capture": "none",
                    "void": False,
                    "refund": "multiple",
                    "query": True,
                    "callbacks": True,
                    "amount_minor_min": 100,
                    "amount_minor_max": None,
                },
            }
        ],
        "sinks": [],
        "retry_policies": [],
        "scenarios": [],
        "routers": [],
        "risk_checks": [],
        "routes": [],
        "commands": [],
        "panels": [],
    },
    "health": {
        "calls": 120,
        "unknown": 1,
        "errors": 0,
        "p50_ms": 3.0,
        "p95_ms": 11.5,
        "last_error": "no answer within 10 s",
        "last_error_at": MADE_AT,
    },
    "config": {
        "schema": {"type": "object", "properties": {"success_rate": {"type": "number"}}},
        "values": {"success_rate": 0.5},
        "source": {"success_rate": "stored"},
        "pending": True,
    },
}
PLUGINS: wire.Plugins = {"data": [PLUGIN]}
