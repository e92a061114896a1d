"""An order that is paid and refunded."""

from __future__ import annotations

from ...wire import answers as wire
from ...wire import merchants
from .ids import MADE_AT, MERCHANT_ID, ORDER_ID, PAID_AT, PAYMENT_ID

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


METHODS: merchants.MethodsOffered = {
    "data": [
        {
            "name": "upi",
            "title": "UPI",
            "flows": ["collect"],
            "schema": {"type": "object", "properties": {"vpa": {"type": "string"}}},
        }
    ],
    "now": PAID_AT,
}
