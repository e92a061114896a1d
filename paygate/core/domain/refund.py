"""The refund: captured money on its way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from .errors import InvalidTransitionError
from .money import Money
from .outcome import Approved, Declined, Outcome

RefundStatus = Literal["pending", "processed", "failed"]


@dataclass(frozen=True, slots=True)
class Refund:
    """Some or all of a payment given back.

    Its money is set aside on the payment while it is pending, and stays set aside
    when it is processed.
    """

    id: str
    payment_id: str
    merchant_id: UUID
    amount: Money
    reason: str | None
    status: RefundStatus
    created_at: datetime
    processed_at: datetime | None = None

    def settle(self, outcome: Outcome, *, at: datetime) -> Refund:
        """Take the processor's answer; anything but a definite one changes nothing.

        Raises:
            InvalidTransitionError: It was settled before.
        """
        if not isinstance(outcome, Approved | Declined):
            return self
        if self.status != "pending":
            raise InvalidTransitionError(thing="refund", status=self.status, action="settle")
        if isinstance(outcome, Declined):
            return replace(self, status="failed")
        return replace(self, status="processed", processed_at=at)
