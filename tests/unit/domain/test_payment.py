"""A payment moves forward only, and every move emits its events."""

from dataclasses import replace

import pytest

from paygate import ActionRequired, Approved, DeclineCode, Money, Pending, Released, Unknown
from paygate.core.errors import InvalidTransitionError, OrderNotPayableError
from paygate.core.event import EventType
from paygate.core.payments.model import DECIDED, LIVE, TRANSITIONS
from tests.unit.samples import DECLINED, LATER, NOW, RS_499, opened, payment

APPROVED = Approved("ref-1", RS_499)
LOST = Unknown("no answer within 10 s")
PENDING = Pending(resolve_after=LATER - NOW)
ACTION = ActionRequired("redirect", expires_at=LATER)


def processing():
    return payment().process(at=NOW).after


def lost():
    return processing().apply(LOST, at=NOW).after


def test_a_payment_begins_with_the_orders_amount_and_two_events():
    change = opened()

    assert change.after.amount == RS_499
    assert (change.after.status, change.after.version, change.after.last_seq) == ("pending", 1, 2)
    assert [(event.type, event.seq) for event in change.events] == [
        (EventType.PAYMENT_CREATED, 1),
        (EventType.PAYMENT_PENDING, 2),
    ]
    assert {event.subject_id for event in change.events} == {change.after.id}


def test_nothing_is_captured_or_refunded_of_a_new_payment():
    made = opened(amount=Money(500, "JPY")).after

    assert made.amount_captured == made.amount_refunded == Money.zero("JPY")
    assert not made.captured
    assert not made.is_decided


def test_a_paid_order_refuses_a_payment():
    with pytest.raises(OrderNotPayableError):
        opened(status="paid")


def test_processing_emits_no_event():
    change = payment().process(at=LATER)

    assert (change.after.status, change.after.version) == ("processing", 2)
    assert change.after.updated_at == LATER
    assert change.events == ()


@pytest.mark.parametrize("before", [processing(), lost()])
def test_processing_twice_changes_nothing(before):
    change = before.process(at=LATER)

    assert change.after is before
    assert change.events == ()


@pytest.mark.parametrize("outcome", [APPROVED, DECLINED])
def test_a_decided_payment_cannot_be_processed_again(outcome):
    decided = processing().apply(outcome, at=NOW).after

    with pytest.raises(InvalidTransitionError):
        decided.process(at=LATER)


@pytest.mark.parametrize("before", [processing(), lost()])
def test_an_approval_succeeds_and_emits_an_event(before):
    change = before.apply(APPROVED, at=LATER)

    assert change.after.status == "success"
    assert change.after.amount_captured == RS_499
    assert [(event.type, event.seq) for event in change.events] == [
        (EventType.PAYMENT_SUCCESS, before.last_seq + 1)
    ]
    assert change.events[0].occurred_at == LATER


def test_a_partial_approval_fails_and_leaves_the_part_to_be_refunded():
    change = processing().apply(Approved("ref-1", Money(10_000, "INR")), at=LATER)

    assert change.after.status == "failed"
    assert [event.type for event in change.events] == [EventType.PAYMENT_FAILED]
    assert change.after.amount_refundable == Money(10_000, "INR")
    assert change.after.amount == RS_499


def test_an_approval_of_more_than_the_amount_is_refused():
    with pytest.raises(AssertionError, match="refuses larger amounts"):
        processing().apply(Approved("ref-1", RS_499 + Money(1, "INR")), at=LATER)


@pytest.mark.parametrize("before", [processing(), lost()])
def test_a_decline_fails_with_its_code_and_emits_an_event(before):
    change = before.apply(DECLINED, at=LATER)

    assert change.after.status == "failed"
    assert change.after.decline is not None
    assert change.after.decline.code == DeclineCode.INSUFFICIENT_FUNDS
    assert change.after.amount_captured == Money.zero("INR")
    assert [event.type for event in change.events] == [EventType.PAYMENT_FAILED]


def test_an_unknown_outcome_emits_no_event():
    change = processing().apply(LOST, at=LATER)

    assert change.after.status == "unknown"
    assert change.events == ()


@pytest.mark.parametrize("outcome", [PENDING, ACTION])
def test_an_unknown_payment_that_is_in_progress_is_processing_again(outcome):
    change = lost().apply(outcome, at=LATER)

    assert change.after.status == "processing"
    assert change.events == ()


@pytest.mark.parametrize(
    ("before", "outcome"),
    [
        (processing(), PENDING),
        (lost(), LOST),
        (processing().apply(APPROVED, at=NOW).after, APPROVED),
        (processing().apply(APPROVED, at=NOW).after, Approved("ref-2", Money(1, "INR"))),
        (processing().apply(DECLINED, at=NOW).after, DECLINED),
    ],
)
def test_a_repeated_outcome_changes_nothing(before, outcome):
    change = before.apply(outcome, at=LATER)

    assert change.after is before
    assert change.events == ()


def test_the_next_action_is_kept_until_the_payment_is_decided():
    waiting = processing().apply(ACTION, at=NOW).after
    again = waiting.apply(ACTION, at=LATER)
    done = waiting.apply(APPROVED, at=LATER).after

    assert waiting.next_action is not None
    assert (waiting.next_action.type, waiting.next_action.expires_at) == ("redirect", LATER)
    assert (waiting.status, waiting.version) == ("processing", processing().version + 1)
    assert again.after is waiting
    assert done.next_action is None


def test_a_declined_payment_may_succeed_late():
    failed = processing().apply(DECLINED, at=NOW).after
    change = failed.revive(RS_499, processor="upi_sim", at=LATER)

    assert (change.after.status, change.after.amount_captured) == ("success", RS_499)
    assert change.after.decline is None
    assert [event.type for event in change.events] == [EventType.PAYMENT_SUCCESS]
    with pytest.raises(InvalidTransitionError):
        change.after.revive(RS_499, processor="upi_sim", at=LATER)


def test_late_money_of_a_paid_order_is_recorded_for_a_refund():
    failed = processing().apply(DECLINED, at=NOW).after
    kept = failed.record_late_money(RS_499, processor="upi_sim", at=LATER).after
    back = kept.reserve_refund(RS_499, at=LATER).after

    assert (kept.status, kept.amount_captured) == ("failed", RS_499)
    assert (back.status, back.amount_refunded) == ("failed", RS_499)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (APPROVED, DECLINED),
        (APPROVED, LOST),
        (APPROVED, PENDING),
        (APPROVED, ACTION),
        (DECLINED, APPROVED),
        (DECLINED, LOST),
        (DECLINED, PENDING),
        (DECLINED, ACTION),
    ],
)
def test_a_decided_payment_refuses_a_different_outcome(first, then):
    decided = processing().apply(first, at=NOW).after

    with pytest.raises(InvalidTransitionError) as caught:
        decided.apply(then, at=LATER)

    assert caught.value.status == decided.status


@pytest.mark.parametrize("outcome", [APPROVED, PENDING, ACTION])
def test_a_payment_that_was_not_sent_refuses_an_approval(outcome):
    with pytest.raises(InvalidTransitionError) as caught:
        payment().apply(outcome, at=LATER)

    assert caught.value.status == "pending"


@pytest.mark.parametrize(("outcome", "status"), [(DECLINED, "failed"), (LOST, "unknown")])
def test_a_payment_may_be_declined_or_unknown_before_it_is_sent(outcome, status):
    after = payment().apply(outcome, at=LATER).after

    assert (after.status, after.version) == (status, 2)


def test_the_table_names_only_statuses_it_describes():
    reachable = {after for moves in TRANSITIONS.values() for after in moves.values()}

    assert reachable | {"pending"} == set(TRANSITIONS)
    # Money that comes late is the only way out of a decided status.
    late = {"revive", "hold"}
    ends = {status for status, moves in TRANSITIONS.items() if not moves.keys() - late}
    assert ends == DECIDED


def test_only_a_failed_or_cancelled_payment_frees_its_order():
    assert set(TRANSITIONS) - LIVE == {"failed", "cancelled"}


def capturing():
    manual = replace(processing(), capture_mode="manual")
    return manual.apply(APPROVED, at=NOW).after.request_capture(RS_499, at=NOW).after


def test_a_hold_that_ends_during_a_capture_is_stored_until_its_outcome():
    ended = capturing().release_hold(at=NOW)
    declined = ended.after.complete_capture(RS_499, is_captured=False, is_final=True, at=LATER)
    taken = ended.after.complete_capture(RS_499, is_captured=True, is_final=True, at=LATER)

    assert (ended.after.status, ended.after.hold_ended_at, ended.events) == ("capturing", NOW, ())
    assert declined.after.status == "cancelled"
    assert [event.type for event in declined.events] == [
        EventType.PAYMENT_CAPTURE_FAILED,
        EventType.PAYMENT_CANCELLED,
    ]
    assert (taken.after.status, taken.after.amount_captured) == ("success", RS_499)


def test_a_hold_that_ended_before_it_was_known_is_a_failed_payment():
    after = lost().apply(Released("the hold has expired"), at=LATER).after

    assert (after.status, after.decline.code) == ("failed", DeclineCode.PROCESSING_ERROR)
