"""The payment: one try at paying an order with one instrument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from .change import Change
from .errors import (
    InvalidTransitionError,
    NotCapturableError,
    NotRefundableError,
    RefundExceedsCaptureError,
)
from .event import Event, EventType
from .instrument import Instrument
from .money import Money
from .order import Order
from .outcome import ActionRequired, Approved, Declined, Outcome, Pending, Unknown

PaymentStatus = Literal["pending", "processing", "unknown", "success", "failed"]
Action = Literal["process", "resume", "lose", "approve", "decline"]

TRANSITIONS: dict[PaymentStatus, dict[Action, PaymentStatus]] = {
    "pending": {"process": "processing"},
    "processing": {"approve": "success", "decline": "failed", "lose": "unknown"},
    "unknown": {"approve": "success", "decline": "failed", "resume": "processing"},
    "success": {},
    "failed": {},
}
"""Status → action → next status. The database's trigger holds the same table."""

DECIDED: frozenset[PaymentStatus] = frozenset({"success", "failed"})
LIVE: frozenset[PaymentStatus] = frozenset({"pending", "processing", "unknown", "success"})
"""While a payment is one of these, its order takes no other."""


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a payment failed, in our words and in a sentence."""

    code: str
    description: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One try at paying an order.

    Args:
        captured: Whether the merchant has confirmed the capture; the money of an
            automatic order is taken when the payment succeeds.
        version: Counts stored states from 1; every write compares it.
        last_seq: The sequence number of the payment's newest event.
    """

    id: str
    order_id: str
    merchant_id: UUID
    amount: Money
    instrument: Instrument
    processor: str
    status: PaymentStatus
    amount_captured: Money
    amount_refunded: Money
    captured: bool
    decline: Decline | None
    version: int
    last_seq: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def open(
        cls, order: Order, *, id: str, instrument: Instrument, processor: str, at: datetime
    ) -> Change[Payment]:
        """Begin to pay an order: the order's amount, never one the payer names.

        Raises:
            OrderNotPayableError: The order is paid.
        """
        order.require_payable()
        payment = cls(
            id=id,
            order_id=order.id,
            merchant_id=order.merchant_id,
            amount=order.amount,
            instrument=instrument,
            processor=processor,
            status="pending",
            amount_captured=Money.zero(order.amount.currency),
            amount_refunded=Money.zero(order.amount.currency),
            captured=False,
            decline=None,
            version=1,
            last_seq=0,
            created_at=at,
            updated_at=at,
        )
        return _telling(payment, EventType.PAYMENT_CREATED, EventType.PAYMENT_PENDING)

    @property
    def is_decided(self) -> bool:
        """Whether the answer is in and final."""
        return self.status in DECIDED

    def process(self, *, at: datetime) -> Change[Payment]:
        """Say that the processor is about to be asked. Repeating it changes nothing."""
        if self.status in {"processing", "unknown"}:
            return Change(self)
        return Change(self._move("process", at=at))

    def apply(self, outcome: Outcome, *, at: datetime) -> Change[Payment]:
        """Take a processor's answer, whichever way it came.

        Forward only: an answer that says what is already true changes nothing.

        Raises:
            InvalidTransitionError: The payment is decided and the answer differs,
                or nobody was asked yet.
        """
        match outcome:
            case Approved(amount=approved):
                return self._approve(approved, at=at)
            case Declined(code=code):
                return self._decline(Decline(code, "Payment processing failed"), at=at)
            case Unknown():
                return Change(self if self.status == "unknown" else self._move("lose", at=at))
            case Pending() | ActionRequired():
                # A payment we had lost sight of is under way after all.
                return Change(self if self.status == "processing" else self._move("resume", at=at))

    def capture(self, amount: Money | None, *, at: datetime) -> Change[Payment]:
        """Confirm that the money of this payment is taken: once, and all of it.

        Args:
            amount: What the merchant believes it to be; None to trust us.
            at: When, in UTC.

        Raises:
            NotCapturableError: It has not succeeded, was captured, or is another amount.
        """
        if self.status != "success":
            raise NotCapturableError("Payment not in capturable state")
        if self.captured:
            raise NotCapturableError("Payment already captured")
        if amount is not None and amount != self.amount_captured:
            raise NotCapturableError("Partial capture not supported")
        return Change(replace(self, captured=True, version=self.version + 1, updated_at=at))

    def reserve_refund(self, amount: Money, *, at: datetime) -> Change[Payment]:
        """Set money aside for a refund; from now on it counts as given back.

        Raises:
            NotRefundableError: The payment has not succeeded.
            RefundExceedsCaptureError: So much is not left.
        """
        if self.status != "success":
            raise NotRefundableError
        left = self.amount_captured - self.amount_refunded
        if amount > left:
            raise RefundExceedsCaptureError(asked_minor=amount.minor, left_minor=left.minor)
        after = self._touched(at, amount_refunded=self.amount_refunded + amount)
        return _telling(after, EventType.REFUND_CREATED)

    def settle_refund(self, amount: Money, *, is_given: bool, at: datetime) -> Change[Payment]:
        """Take note of how a refund ended; a declined one gives its money back to the payment."""
        if is_given:
            return _telling(self._touched(at), EventType.REFUND_PROCESSED)
        after = self._touched(at, amount_refunded=self.amount_refunded - amount)
        return _telling(after, EventType.REFUND_FAILED)

    def _touched(self, at: datetime, **changes: Money) -> Payment:
        moved = replace(self, version=self.version + 1, updated_at=at)
        return replace(moved, **changes)  # type: ignore[arg-type]  # only amounts are named

    def _approve(self, approved: Money, *, at: datetime) -> Change[Payment]:
        if self.status == "success":
            return Change(self)
        after = self._move("approve", at=at)
        assert approved <= self.amount, "the guard refuses more than was asked"
        return _telling(replace(after, amount_captured=approved), EventType.PAYMENT_SUCCESS)

    def _decline(self, decline: Decline, *, at: datetime) -> Change[Payment]:
        if self.status == "failed":
            return Change(self)
        after = replace(self._move("decline", at=at), decline=decline)
        return _telling(after, EventType.PAYMENT_FAILED)

    def _move(self, action: Action, *, at: datetime) -> Payment:
        status = TRANSITIONS[self.status].get(action)
        if status is None:
            raise InvalidTransitionError(thing="payment", status=self.status, action=action)
        return replace(self, status=status, version=self.version + 1, updated_at=at)


def _telling(payment: Payment, *types: EventType) -> Change[Payment]:
    events = tuple(
        Event(type, payment.id, payment.last_seq + ordinal, payment.updated_at)
        for ordinal, type in enumerate(types, start=1)
    )
    return Change(replace(payment, last_seq=payment.last_seq + len(events)), events)
