"""Who and when, the same everywhere."""

from __future__ import annotations

MERCHANT_ID = "550e8400-e29b-41d4-a716-446655440000"


ORDER_ID = "order_NXhj67fGH2jk9mPq"


PAYMENT_ID = "pay_H8sK3jD9s2L1pQrT"


DELIVERY_ID = "0b0f2f3a-6a0c-4d5e-9f5e-0d9a1c9a7d11"


MADE_AT = "2026-01-15T10:30:00.000Z"


PAID_AT = "2026-01-15T10:31:06.482Z"


def page(row: object) -> object:
    """A list of one."""
    return {"data": [row], "total": 1, "limit": 10, "offset": 0}
