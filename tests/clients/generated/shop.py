"""A shop that uses the client of openapi-python-client; prints what it got as one JSON object."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from paygate_generated import AuthenticatedClient
from paygate_generated.api.orders import create_order
from paygate_generated.api.payments import create_payment, show_payment
from paygate_generated.api.refunds import refund_payment
from paygate_generated.models import (
    CreatePaymentPayByUPI,
    Error,
    OrderInFull,
    OrderRequest,
    Payment,
    PaymentCreated,
    RefundCreated,
    RefundRequest,
)

client = AuthenticatedClient(
    base_url=os.environ["PAYGATE_URL"],
    token=os.environ["PAYGATE_API_KEY"],
    prefix="",
    auth_header_name="X-Api-Key",
    headers={"X-Api-Secret": os.environ["PAYGATE_API_SECRET"]},
)


def error(response: Any) -> list[Any]:
    """Return the status, the code and the field of an error."""
    assert isinstance(response.parsed, Error), response
    detail = response.parsed.error
    return [response.status_code, detail.code, detail.field or None]


order = create_order.sync(client=client, body=OrderRequest(amount=50_000))
assert isinstance(order, OrderInFull), order
upi = CreatePaymentPayByUPI(order_id=order.id, method="upi", vpa="approve@sim")
made = create_payment.sync(client=client, body=upi, wait=20, idempotency_key="tea-1")
assert isinstance(made, PaymentCreated), made
payment = show_payment.sync(made.id, client=client)
assert isinstance(payment, Payment), payment
broken = RefundRequest(amount=20_000, reason="one cup broke")
refund = refund_payment.sync(payment.id, client=client, body=broken)
assert isinstance(refund, RefundCreated), refund
refused = create_order.sync_detailed(client=client, body=OrderRequest(amount=1))
missing = show_payment.sync_detailed("pay_0000000000000000", client=client)

json.dump(
    {
        "order": [order.status, order.amount],
        "payment": [payment.status, payment.vpa, payment.amount_captured],
        "refund": [refund.payment_id == payment.id, refund.amount],
        "errors": [error(refused), error(missing)],
    },
    sys.stdout,
)
