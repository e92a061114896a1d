"""An operation: one request to a processor, and its state."""

from dataclasses import replace
from datetime import timedelta

import pytest

from paygate import ActionRequired, Approved, Pending, Unknown
from paygate.core.errors import InvalidTransitionError
from paygate.core.payments.operation import ENDED, ERASED, OPERATION_TRANSITIONS
from tests.unit.samples import DECLINED, LATER, NOW, RS_499, operation

APPROVED = Approved("ref-1", RS_499)
LOST = Unknown("no answer within 10 s")
WAIT = timedelta(seconds=5)
SECOND = timedelta(seconds=1)
PENDING = Pending(resolve_after=WAIT, state={"step": 1})
ASKED = ("sent", "pending", "unknown")


def settle(before, outcome, *, wait=WAIT):
    return before.settle(outcome, at=LATER, wait=wait)


def test_only_an_operation_that_was_not_sent_is_sent():
    assert operation().mark_sent().state == "sent"
    for state in set(OPERATION_TRANSITIONS) - {"reserved"}:
        with pytest.raises(InvalidTransitionError):
            operation(state=state).mark_sent()


@pytest.mark.parametrize("state", ASKED)
def test_an_approval_ends_the_operation_and_erases_the_card(state):
    after = settle(operation(state=state), APPROVED)

    assert (after.state, after.reference, after.sealed) == ("succeeded", "ref-1", None)
    assert after.is_ended


@pytest.mark.parametrize("state", ASKED)
def test_a_decline_ends_the_operation_and_erases_the_card(state):
    after = settle(operation(state=state), DECLINED)

    assert (after.state, after.sealed) == ("failed", None)
    assert after.is_ended


@pytest.mark.parametrize("outcome", [PENDING, ActionRequired("qr", LATER, resolve_after=WAIT)])
def test_a_pending_outcome_moves_the_due_time_and_resets_the_queries(outcome):
    after = settle(operation(state="unknown", queries=3), outcome)

    assert (after.state, after.due_at, after.queries) == ("pending", LATER + WAIT, 0)
    assert after.sealed == "sealed card"


def test_the_processor_state_is_kept_until_replaced():
    noted = settle(operation(state="sent"), PENDING)
    silent = settle(noted, Pending(resolve_after=WAIT))
    other = settle(silent, Pending(resolve_after=WAIT, state={}))

    assert [each.processor_state for each in (noted, silent, other)] == [{"step": 1}] * 2 + [{}]


def test_an_unknown_outcome_is_queried_after_the_delay_and_counted():
    after = settle(operation(state="sent"), LOST)

    assert (after.state, after.due_at, after.queries) == ("unknown", LATER + WAIT, 1)
    assert settle(after, LOST).queries == 2


def test_an_operation_without_another_query_needs_review_without_the_card():
    after = settle(operation(state="unknown"), LOST, wait=None)

    assert (after.state, after.sealed) == ("needs_review", ERASED)
    assert after.is_ended


def test_a_person_settles_a_review():
    reviewed = operation(state="needs_review")

    assert settle(reviewed, APPROVED).state == "succeeded"
    assert settle(reviewed, DECLINED).sealed is None
    with pytest.raises(InvalidTransitionError):
        settle(reviewed, LOST)


@pytest.mark.parametrize("state", ASKED)
def test_an_operation_that_was_not_received_is_sent_again_with_the_same_id(state):
    after = operation(state=state).not_sent(at=LATER, wait=WAIT, is_certain=True)

    assert (after.state, after.due_at, after.sends) == ("reserved", LATER + WAIT, 1)
    # Of what was asked about it before, nothing counts against the queries to come.
    assert after.mark_sent().queries == 0
    assert (after.id, after.sealed) == (operation().id, "sealed card")


@pytest.mark.parametrize("outcome", [APPROVED, DECLINED, PENDING, LOST])
@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_a_decided_operation_refuses_outcomes(state, outcome):
    with pytest.raises(InvalidTransitionError):
        settle(operation(state=state), outcome)


@pytest.mark.parametrize("outcome", [APPROVED, DECLINED])
def test_a_reserved_operation_accepts_a_callback(outcome):
    sent_again = replace(operation(state="reserved"), sends=1)

    assert not sent_again.is_unsent
    assert settle(sent_again, outcome).is_ended


def test_the_query_delay_of_a_pending_operation_grows():
    at_once = Pending(timedelta(0))
    young, old = NOW + timedelta(seconds=1), NOW + timedelta(hours=10)

    assert operation(state="sent").settle(at_once, at=young, wait=None).due_at - young == SECOND
    assert operation(state="sent").settle(at_once, at=old, wait=None).due_at - old == 360 * SECOND


def test_pending_counts_as_unknown_an_hour_after_its_deadline():
    ends = NOW + timedelta(minutes=5)
    waiting = operation(state="sent").settle(
        Pending(SECOND, expires_at=ends), at=NOW + SECOND, wait=None
    )

    assert not waiting.is_overdue(at=ends + timedelta(hours=1))
    assert waiting.is_overdue(at=ends + timedelta(hours=1, seconds=1))
    # Without a time of the processor's own: a week.
    assert not operation(state="sent").is_overdue(at=NOW + timedelta(days=7))
    assert operation(state="sent").is_overdue(at=NOW + timedelta(days=7, hours=2))


def test_the_table_describes_every_state_and_its_ends():
    assert set().union(*OPERATION_TRANSITIONS.values()) == set(OPERATION_TRANSITIONS)
    decided = {state for state, moves in OPERATION_TRANSITIONS.items() if not moves}
    assert decided == {"succeeded", "failed"}
    assert decided | {"needs_review"} == ENDED
