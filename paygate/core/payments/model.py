"""Orders, payments and refunds: states, transitions and the events of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ..errors import (
    CaptureExceedsAuthorizationError,
    InvalidTransitionError,
    LinkEndedError,
    NotCancellableError,
    NotCapturableError,
    NotRefundableError,
    OrderNotPayableError,
    RefundExceedsCaptureError,
)
from ..event import Change, Event, EventType
from ..instrument import Instrument
from ..money import Money
from ..outcome import (
    EXPIRED_HOLD,
    PARTLY_APPROVED,
    ActionRequired,
    Approved,
    Decline,
    Declined,
    NextAction,
    Outcome,
    Pending,
    Released,
    Unknown,
)

OrderStatus = Literal["created", "attempted", "paid"]
CaptureMode = Literal["automatic", "manual"]
LinkStatus = Literal["created", "paid", "cancelled", "expired"]


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """What a payment link adds to its order.

    Args:
        description: What the shopper pays for.
        expires_at: When it ends, in UTC; None for never.
        cancelled_at: When the merchant cancelled it, in UTC.
    """

    id: str
    description: str | None
    expires_at: datetime | None
    cancelled_at: datetime | None = None

    def ended(self, *, at: datetime) -> Literal["cancelled", "expired"] | None:
        """Return how the link has ended at a time; None if it has not."""
        if self.cancelled_at is not None:
            return "cancelled"
        is_over = self.expires_at is not None and self.expires_at <= at
        return "expired" if is_over else None


@dataclass(frozen=True, slots=True)
class Order:
    """An order: an amount to be paid, with a receipt number.

    ``attempted`` means that the order has a payment, ``paid`` that a payment succeeded.
    The status moves forward only, and always in the transaction that moves the
    payment.

    Args:
        capture_mode: Whether payments are captured at once (``automatic``) or only
            authorized until the merchant captures them (``manual``).
        link: The payment link that created it; None without one.
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
    link: PaymentLink | None = None

    def require_payable(self, *, at: datetime) -> None:
        """Refuse a payment of an order that is paid, or whose payment link has ended.

        The database's unique index finds a payment in progress; only the index can decide
        between two concurrent requests.

        Raises:
            OrderNotPayableError: The order is paid.
            LinkEndedError: Its payment link is cancelled or has expired.
        """
        if self.status == "paid":
            raise OrderNotPayableError("Order already paid")
        ended = self.link.ended(at=at) if self.link else None
        if ended is not None:
            raise LinkEndedError(ended)

    def link_status(self, *, at: datetime) -> LinkStatus:
        """Return the status of the order's payment link at a time.

        A payment that began before the link ended may still pay it.
        """
        assert self.link is not None, "the order was created by a payment link"
        if self.status == "paid":
            return "paid"
        return self.link.ended(at=at) or "created"

    def cancel_link(self, *, at: datetime) -> Order:
        """Cancel the order's payment link. Idempotent.

        Raises:
            LinkEndedError: The link is paid or has expired.
        """
        status = self.link_status(at=at)
        assert self.link is not None, "only an order with a link has a status of it"
        if status == "cancelled":
            return self
        if status != "created":
            raise LinkEndedError(status)
        return replace(self, link=replace(self.link, cancelled_at=at), updated_at=at)


PaymentStatus = Literal[
    "pending",
    "processing",
    "unknown",
    "authorized",
    "capturing",
    "voiding",
    "success",
    "failed",
    "cancelled",
]
Action = Literal[
    "process",
    "resume",
    "lose",
    "approve",
    "hold",
    "decline",
    "capture",
    "void",
    "release",
    "revive",
]
TRANSITIONS: Mapping[PaymentStatus, Mapping[Action, PaymentStatus]] = {
    # Without "processing" in between: it was blocked or dead-lettered before it was sent.
    "pending": {"process": "processing", "decline": "failed", "lose": "unknown"},
    "processing": {
        "approve": "success",
        "hold": "authorized",
        "decline": "failed",
        "lose": "unknown",
    },
    "unknown": {
        "approve": "success",
        "hold": "authorized",
        "decline": "failed",
        "resume": "processing",
    },
    # The money of a manual order is held until the merchant captures or voids it. The
    # processor may end the hold: "release", or "approve" if a part was captured.
    "authorized": {
        "capture": "capturing",
        "void": "voiding",
        "release": "cancelled",
        "approve": "success",
    },
    # "hold": the capture was declined, or a part of the money is still held.
    # "release": the capture was declined, and the hold has ended meanwhile.
    "capturing": {"approve": "success", "hold": "authorized", "release": "cancelled"},
    "voiding": {"release": "cancelled", "approve": "success", "hold": "authorized"},
    "success": {},
    # Late success: the processor captured or holds the money after all.
    "failed": {"revive": "success", "hold": "authorized"},
    "cancelled": {},
}
"""Status → action → next status. A trigger of the database has the same table."""
DECIDED: frozenset[PaymentStatus] = frozenset({"success", "failed", "cancelled"})
OPENING_EVENTS = (EventType.PAYMENT_CREATED, EventType.PAYMENT_PENDING)
LIVE: frozenset[PaymentStatus] = frozenset(TRANSITIONS) - {"failed", "cancelled"}
"""Statuses in which a payment keeps its order from having another one."""


def next_status(status: PaymentStatus, action: Action) -> PaymentStatus:
    """Return the status after an action.

    Raises:
        InvalidTransitionError: The status does not allow the action.
    """
    after = TRANSITIONS[status].get(action)
    if after is None:
        raise InvalidTransitionError(thing="payment", status=status, action=action)
    return after


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of an order.

    Args:
        capture_mode: Whether the money is captured as soon as the processor approves,
            or held until the merchant captures it.
        amount_authorized: What the processor approved; at most ``amount``.
        amount_captured: How much of it was captured.
        captured: Whether the merchant has confirmed the capture; an automatic order is
            captured when the payment succeeds.
        version: Counts stored states from 1; checked by every write.
        last_seq: The sequence number of the payment's newest event.
        scenario: The scenario that simulated processors play.
        next_action: What the shopper has to do now.
        hold_ended_at: When the hold ended during a capture or a void, in UTC.
        link_id: The payment link of its order; None without one.
        notes: The merchant's own data; None without any.
    """

    id: str
    order_id: str
    merchant_id: UUID
    amount: Money
    instrument: Instrument
    processor: str
    status: PaymentStatus
    capture_mode: CaptureMode
    amount_authorized: Money
    amount_captured: Money
    amount_refunded: Money
    captured: bool
    decline: Decline | None
    version: int
    last_seq: int
    created_at: datetime
    updated_at: datetime
    scenario: str | None = None
    next_action: NextAction | None = None
    hold_ended_at: datetime | None = None
    link_id: str | None = None
    notes: Mapping[str, Any] | None = None

    @classmethod
    def open(
        cls,
        order: Order,
        *,
        id: str,
        instrument: Instrument,
        processor: str,
        at: datetime,
        scenario: str | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> Change[Payment]:
        """Create a payment for the amount of its order.

        Raises:
            OrderNotPayableError: The order is paid.
            LinkEndedError: Its payment link is cancelled or has expired.
        """
        order.require_payable(at=at)
        payment = cls(
            id=id,
            order_id=order.id,
            merchant_id=order.merchant_id,
            amount=order.amount,
            instrument=instrument,
            processor=processor,
            status="pending",
            capture_mode=order.capture_mode,
            amount_authorized=Money.zero(order.amount.currency),
            amount_captured=Money.zero(order.amount.currency),
            amount_refunded=Money.zero(order.amount.currency),
            captured=False,
            decline=None,
            version=1,
            last_seq=len(OPENING_EVENTS),
            created_at=at,
            updated_at=at,
            scenario=scenario,
            link_id=order.link.id if order.link else None,
            notes=notes,
        )
        return Change(payment, _events(payment, OPENING_EVENTS))

    @property
    def is_decided(self) -> bool:
        """Whether the status is final."""
        return self.status in DECIDED

    def process(self, *, at: datetime) -> Change[Payment]:
        """Mark the payment as about to be sent to the processor. Idempotent."""
        if self.status in {"processing", "unknown"}:
            return Change(self)
        return self._move("process", at=at)

    def apply(self, outcome: Outcome, *, at: datetime) -> Change[Payment]:
        """Apply an outcome of the charge.

        Forward only: an outcome that the payment has already changes nothing.

        Raises:
            InvalidTransitionError: The payment is decided and the outcome differs,
                or the payment was not sent yet.
        """
        match outcome:
            case Approved(amount=approved):
                return self._approve(approved, at=at)
            case Declined(code=code):
                return self._decline(Decline(code, "Payment processing failed"), at=at)
            case Unknown():
                return Change(self) if self.status == "unknown" else self._move("lose", at=at)
            case Pending():
                # An unknown payment is in progress after all.
                is_known = self.status == "processing"
                return Change(self) if is_known else self._move("resume", at=at)
            case ActionRequired():
                return self._await_shopper(NextAction.of(outcome), at=at)
            case Released():
                return self.release_hold(at=at)

    def _await_shopper(self, action: NextAction, *, at: datetime) -> Change[Payment]:
        if self.status == "processing":
            is_known = self.next_action == action
            return Change(self) if is_known else self._change(at=at, next_action=action)
        return self._move("resume", at=at, next_action=action)

    def capture(self, amount: Money | None, *, at: datetime) -> Change[Payment]:
        """Confirm the capture of an automatic payment: once, and in full.

        Args:
            amount: The amount that the merchant expects; None for any amount.
            at: When, in UTC.

        Raises:
            NotCapturableError: It has not succeeded, is captured, or has another amount.
        """
        self._require_uncaptured()
        if self.status != "success":
            raise NotCapturableError("Payment not in capturable state")
        if amount is not None and amount != self.amount_captured:
            raise NotCapturableError("Partial capture not supported")
        return self._change(at=at, captured=True)

    @property
    def amount_held(self) -> Money:
        """The approved amount that is neither captured nor released; valid until it is decided."""
        return self.amount_authorized - self.amount_captured

    def request_capture(self, amount: Money, *, at: datetime) -> Change[Payment]:
        """Begin to capture held money. No other capture or void may begin meanwhile.

        Raises:
            NotCapturableError: No money is held, or it is captured already.
            CaptureExceedsAuthorizationError: Less than that is held. The capture is refused
                and not reduced, because a lower amount would make the merchant's books wrong.
        """
        self._require_uncaptured()
        if self.status != "authorized":
            raise NotCapturableError("Payment not in capturable state")
        if amount > self.amount_held:
            raise CaptureExceedsAuthorizationError(
                asked_minor=amount.minor, held_minor=self.amount_held.minor
            )
        return self._move("capture", at=at)

    def complete_capture(
        self, amount: Money, *, is_captured: bool, is_final: bool, at: datetime
    ) -> Change[Payment]:
        """Record the result of a capture.

        Args:
            amount: The amount of the capture.
            is_captured: Whether it succeeded; a declined capture leaves the hold unchanged.
            is_final: Whether the rest of the hold was released with it.
            at: When, in UTC.
        """
        if not is_captured:
            if self.hold_ended_at is not None:
                return self._end_hold(EventType.PAYMENT_CAPTURE_FAILED, at=at)
            return self._move("hold", EventType.PAYMENT_CAPTURE_FAILED, at=at)
        taken = self.amount_captured + amount
        if is_final or taken == self.amount_authorized or self.hold_ended_at is not None:
            event = EventType.PAYMENT_SUCCESS
            return self._move("approve", event, at=at, amount_captured=taken, captured=True)
        return self._move("hold", EventType.PAYMENT_CAPTURED, at=at, amount_captured=taken)

    def request_void(self, *, at: datetime) -> Change[Payment]:
        """Begin to release the hold.

        Raises:
            NotCancellableError: No money is held.
        """
        if self.status != "authorized":
            raise NotCancellableError
        return self._move("void", at=at)

    def complete_void(self, *, is_released: bool, at: datetime) -> Change[Payment]:
        """Record the result of a void. Earlier captures stay captured."""
        if not is_released and self.hold_ended_at is None:
            return self._move("hold", EventType.PAYMENT_CANCEL_FAILED, at=at)
        return self._end_hold(at=at)

    def release_hold(self, *, at: datetime) -> Change[Payment]:
        """Record that the processor has ended the hold. Earlier captures stay captured.

        During a capture or a void the end is stored, and the outcome of that operation
        decides. A payment that was not authorized yet fails.

        Raises:
            InvalidTransitionError: No money was held.
        """
        if self.status in {"processing", "unknown"}:
            return self._decline(EXPIRED_HOLD, at=at)
        if self.status in {"capturing", "voiding"}:
            is_known = self.hold_ended_at is not None
            return Change(self) if is_known else self._change(at=at, hold_ended_at=at)
        return self._end_hold(at=at)

    def _end_hold(self, *first: EventType, at: datetime) -> Change[Payment]:
        if self.amount_captured:
            return self._move("approve", *first, EventType.PAYMENT_SUCCESS, at=at, captured=True)
        return self._move("release", *first, EventType.PAYMENT_CANCELLED, at=at)

    def _require_uncaptured(self) -> None:
        if self.captured:
            raise NotCapturableError("Payment already captured")

    def fail_over(self, processor: str, *, at: datetime) -> Change[Payment]:
        """Give the payment to another processor: its own was never sent a request.

        Raises:
            InvalidTransitionError: There is an outcome, or a request may have been sent.
        """
        if self.status not in {"pending", "processing"}:
            raise InvalidTransitionError(thing="payment", status=self.status, action="fail over")
        return self._change(at=at, processor=processor)

    def revive(self, approved: Money, *, processor: str, at: datetime) -> Change[Payment]:
        """Apply an approval that came after the decline; for a manual order, a hold.

        Args:
            approved: The approved amount.
            processor: The processor that has approved it, and has the money.
            at: When, in UTC.

        Raises:
            InvalidTransitionError: The payment has not failed.
        """
        if self.capture_mode == "manual":
            event = EventType.PAYMENT_AUTHORIZED
            held = {"amount_authorized": approved, "processor": processor}
            return self._move("hold", event, at=at, decline=None, **held)
        return self._move(
            "revive",
            EventType.PAYMENT_SUCCESS,
            at=at,
            processor=processor,
            amount_authorized=approved,
            amount_captured=approved,
            decline=None,
        )

    def record_late_money(
        self, approved: Money, *, processor: str, at: datetime
    ) -> Change[Payment]:
        """Record money that was captured too late: another payment has paid the order.

        The payment stays failed; its money has to be refunded by the processor that has it.
        """
        taken = {"amount_authorized": approved, "amount_captured": approved}
        return self._change(at=at, processor=processor, **taken)

    @property
    def amount_refundable(self) -> Money:
        """The captured amount that is neither refunded nor reserved for a refund."""
        return self.amount_captured - self.amount_refunded

    def reserve_refund(self, amount: Money, *, at: datetime) -> Change[Payment]:
        """Reserve money for a refund; from now on it counts as refunded.

        Raises:
            NotRefundableError: No money was captured.
            RefundExceedsCaptureError: Less than that is left.
        """
        if not self.amount_captured:
            raise NotRefundableError
        return self._reserve(amount, EventType.REFUND_CREATED, at=at)

    def record_late_refund(self, amount: Money, *, at: datetime) -> Change[Payment]:
        """Record a refund that succeeded after its decline had freed its money."""
        return self._reserve(amount, EventType.REFUND_PROCESSED, at=at)

    def _reserve(self, amount: Money, event: EventType, *, at: datetime) -> Change[Payment]:
        if amount > (left := self.amount_refundable):
            raise RefundExceedsCaptureError(asked_minor=amount.minor, left_minor=left.minor)
        return self._change(event, at=at, amount_refunded=self.amount_refunded + amount)

    def complete_refund(self, amount: Money, *, is_refunded: bool, at: datetime) -> Change[Payment]:
        """Record the result of a refund; a declined refund frees its money."""
        if is_refunded:
            return self._change(EventType.REFUND_PROCESSED, at=at)
        left = self.amount_refunded - amount
        return self._change(EventType.REFUND_FAILED, at=at, amount_refunded=left)

    def _approve(self, approved: Money, *, at: datetime) -> Change[Payment]:
        assert approved <= self.amount, "the guard refuses larger amounts"
        if self.capture_mode == "manual":
            return self._hold(approved, at=at)
        if self.status == "success" or approved == self.amount_captured:
            return Change(self)  # Repeated; a partial approval stays recorded too.
        taken = {"amount_authorized": approved, "amount_captured": approved}
        if approved < self.amount:
            # A part does not pay the order, and has to be refunded.
            event = EventType.PAYMENT_FAILED
            return self._move("decline", event, at=at, decline=PARTLY_APPROVED, **taken)
        return self._move("approve", EventType.PAYMENT_SUCCESS, at=at, **taken)

    def _hold(self, approved: Money, *, at: datetime) -> Change[Payment]:
        if self.amount_authorized:
            # The hold is stored already, and may have been captured or released since.
            return Change(self)
        return self._move("hold", EventType.PAYMENT_AUTHORIZED, at=at, amount_authorized=approved)

    def _decline(self, decline: Decline, *, at: datetime) -> Change[Payment]:
        if self.status == "failed":
            return Change(self)
        return self._move("decline", EventType.PAYMENT_FAILED, at=at, decline=decline)

    def _move(
        self, action: Action, *events: EventType, at: datetime, **changes: Any
    ) -> Change[Payment]:
        """Move to the status after an action; emit events and change further fields."""
        after = next_status(self.status, action)
        if after not in {"processing", "unknown"}:
            # The shopper has nothing to do after a final outcome.
            changes["next_action"] = None
        return self._change(*events, at=at, status=after, **changes)

    def _change(self, *events: EventType, at: datetime, **changes: Any) -> Change[Payment]:
        if self.link_id is not None and EventType.PAYMENT_SUCCESS in events:
            events = (*events, EventType.PAYMENT_LINK_PAID)
        last_seq = self.last_seq + len(events)
        after = replace(self, version=self.version + 1, updated_at=at, last_seq=last_seq, **changes)
        return Change(after, _events(after, events))


def _events(payment: Payment, types: Sequence[EventType]) -> tuple[Event, ...]:
    """Return a payment's newest events, whose sequence numbers end with its last one."""
    first = payment.last_seq - len(types) + 1
    return tuple(
        Event(type, payment.id, seq, payment.updated_at)
        for seq, type in enumerate(types, start=first)
    )


RefundStatus = Literal["pending", "processed", "failed"]


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund of some or all of a payment.

    Its money is reserved on the payment while it is pending, and stays reserved
    when it is processed.

    Args:
        notes: The merchant's own data; None without any.
    """

    id: str
    payment_id: str
    merchant_id: UUID
    amount: Money
    reason: str | None
    status: RefundStatus
    created_at: datetime
    processed_at: datetime | None = None
    notes: Mapping[str, Any] | None = None

    def settle(self, outcome: Outcome, *, at: datetime) -> Refund:
        """Apply an outcome; one that is not final changes nothing.

        Raises:
            InvalidTransitionError: The refund has a final status already.
        """
        if not isinstance(outcome, Approved | Declined):
            return self
        if self.status != "pending":
            raise InvalidTransitionError(thing="refund", status=self.status, action="settle")
        if isinstance(outcome, Declined):
            return replace(self, status="failed")
        return replace(self, status="processed", processed_at=at)
