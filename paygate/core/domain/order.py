"""The order: what is to be paid, at most once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from .errors import OrderNotPayableError
from .money import Money

OrderStatus = Literal["created", "attempted", "paid"]
CaptureMode = Literal["automatic", "manual"]


@dataclass(frozen=True, slots=True)
class Order:
    """An amount and a receipt.

    ``attempted`` means that a payment was tried, ``paid`` that one succeeded.
    The status moves forward only, and always in the transaction that moves the
    payment.

    Args:
        capture_mode: Whether the money of a payment is taken at once
            (``automatic``) or only held until the merchant captures it (``manual``).
    """

    id: str
    merchant_id: UUID
    amount: Money
    receipt: str | None
    notes: Mapping[str, Any]
    status: OrderStatus
    created_at: datetime
    updated_at: datetime
    capture_mode: CaptureMode = "automatic"

    def require_payable(self) -> None:
        """Refuse a payment of an order that is paid.

        A payment still under way is found by the database's unique index, which
        alone can decide between two requests that arrive at once.

        Raises:
            OrderNotPayableError: It is paid.
        """
        if self.status == "paid":
            raise OrderNotPayableError("Order already paid")
