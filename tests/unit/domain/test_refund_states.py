"""Captures and refunds of a paid payment in every order: refunds never exceed the captures."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from paygate import Approved, Money, Pending, Unknown
from paygate.core.errors import (
    InvalidTransitionError,
    NotCapturableError,
    NotRefundableError,
    RefundExceedsCaptureError,
)
from paygate.core.event import EventType
from paygate.core.payments.model import Refund
from tests.unit.samples import DECLINED, LATER, MERCHANT_ID, NOW, RS_499, payment

APPROVED = Approved("ref-1", RS_499)


def paid(amount=RS_499):
    return payment().process(at=NOW).after.apply(Approved("ref-1", amount), at=NOW).after


def refund(**changed):
    fields = {
        "id": "rfnd_ABCDEFGHijklmn01",
        "payment_id": "pay_ABCDEFGHijklmn01",
        "merchant_id": MERCHANT_ID,
        "amount": RS_499,
        "reason": None,
        "status": "pending",
        "created_at": NOW,
    }
    return Refund(**{**fields, **changed})


def rupees(amount):
    return Money(amount * 100, "INR")


def test_a_capture_is_confirmed_once():
    change = paid().capture(RS_499, at=LATER)

    assert change.after.captured
    assert change.after.version == paid().version + 1
    with pytest.raises(NotCapturableError, match="already captured"):
        change.after.capture(RS_499, at=LATER)


@pytest.mark.parametrize("amount", [rupees(1), RS_499 + rupees(1)])
def test_a_capture_of_another_amount_is_refused(amount):
    with pytest.raises(NotCapturableError, match="Partial"):
        paid().capture(amount, at=LATER)


@pytest.mark.parametrize(
    "before",
    [
        payment(),
        payment().process(at=NOW).after,
        payment().process(at=NOW).after.apply(DECLINED, at=NOW).after,
    ],
)
def test_only_a_successful_payment_is_captured_or_refunded(before):
    with pytest.raises(NotCapturableError):
        before.capture(None, at=LATER)
    with pytest.raises(NotRefundableError):
        before.reserve_refund(rupees(1), at=LATER)


def test_a_refund_over_the_refundable_amount_is_refused():
    taken = paid().reserve_refund(rupees(400), at=LATER).after

    with pytest.raises(RefundExceedsCaptureError):
        taken.reserve_refund(rupees(99) + Money(1, "INR"), at=LATER)
    assert taken.reserve_refund(rupees(99), at=LATER).after.amount_refunded == RS_499


def test_a_failed_partial_approval_is_refundable_up_to_its_amount():
    partly = paid(rupees(100))

    assert partly.status == "failed"
    assert partly.reserve_refund(rupees(100), at=LATER).after.amount_refunded == rupees(100)
    with pytest.raises(RefundExceedsCaptureError):
        partly.reserve_refund(rupees(101), at=LATER)


def test_a_declined_refund_makes_its_amount_refundable_again():
    reserved = paid().reserve_refund(rupees(400), at=LATER).after
    change = reserved.complete_refund(rupees(400), is_refunded=False, at=LATER)

    assert change.after.amount_refunded == Money.zero("INR")
    assert [event.type for event in change.events] == [EventType.REFUND_FAILED]


def test_a_refund_is_settled_once_by_a_definite_outcome():
    given = refund().settle(APPROVED, at=LATER)

    assert (given.status, given.processed_at) == ("processed", LATER)
    assert refund().settle(DECLINED, at=LATER).status == "failed"
    with pytest.raises(InvalidTransitionError):
        given.settle(DECLINED, at=LATER)


@pytest.mark.parametrize("outcome", [Unknown("lost"), Pending(timedelta(seconds=5))])
@pytest.mark.parametrize("status", ["pending", "processed", "failed"])
def test_an_undecided_outcome_changes_no_refund(status, outcome):
    before = refund(status=status)

    assert before.settle(outcome, at=LATER) is before


class RefundStory(RuleBasedStateMachine):
    """A paid payment, its capture, and refunds that end in any order."""

    @initialize(taken=st.integers(1, 499))
    def succeed(self, taken):
        self.payment = paid(rupees(taken))
        self.taken = rupees(taken)
        self.reserved = []
        self.given = Money.zero("INR")
        self.seqs = list(range(1, self.payment.last_seq + 1))

    @rule(amount=st.integers(1, 500).map(rupees))
    def ask(self, amount):
        """The merchant wants to give some back."""
        left = self.taken - sum(self.reserved, self.given)
        if amount > left:
            with pytest.raises(RefundExceedsCaptureError):
                self.payment.reserve_refund(amount, at=LATER)
            return
        self._take(self.payment.reserve_refund(amount, at=LATER), events=1)
        self.reserved.append(amount)

    @rule(which=st.integers(0, 20), is_refunded=st.booleans())
    def settle(self, which, is_refunded):
        """The processor answers for one of the pending refunds."""
        if not self.reserved:
            return
        amount = self.reserved.pop(which % len(self.reserved))
        self._take(
            self.payment.complete_refund(amount, is_refunded=is_refunded, at=LATER), events=1
        )
        if is_refunded:
            self.given += amount

    @rule()
    def capture(self):
        """The merchant confirms the capture, perhaps twice."""
        if self.payment.captured or self.payment.status == "failed":
            with pytest.raises(NotCapturableError):
                self.payment.capture(None, at=LATER)
            return
        self._take(self.payment.capture(None, at=LATER), events=0)

    @invariant()
    def the_refunded_amount_is_given_plus_reserved(self):
        assert self.payment.amount_refunded == sum(self.reserved, self.given)
        assert self.payment.amount_refunded <= self.payment.amount_captured == self.taken

    @invariant()
    def its_events_are_numbered_without_gaps(self):
        assert self.seqs == list(range(1, self.payment.last_seq + 1))

    @invariant()
    def its_status_stays(self):
        is_whole = self.taken == RS_499
        assert self.payment.status == ("success" if is_whole else "failed")

    def _take(self, change, *, events):
        assert change.after.version == self.payment.version + 1
        assert len(change.events) == events
        self.seqs += [event.seq for event in change.events]
        self.payment = change.after


RefundStory.TestCase.settings = settings(max_examples=80, stateful_step_count=20, deadline=None)
TestEveryRefundStory = RefundStory.TestCase


@given(st.lists(st.integers(1, 499).map(rupees), max_size=30))
def test_refunds_never_reserve_more_than_was_captured(amounts):
    now, accepted = paid(), Money.zero("INR")
    for amount in amounts:
        try:
            now = now.reserve_refund(amount, at=LATER).after
        except RefundExceedsCaptureError:
            continue
        accepted += amount

    assert accepted == now.amount_refunded <= RS_499
