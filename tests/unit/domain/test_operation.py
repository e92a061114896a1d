"""One thing asked of a processor, and how far that got."""

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
def test_an_approval_ends_it_and_forgets_the_card(state):
    after = settle(operation(state=state), APPROVED)

    assert (after.state, after.reference, after.sealed) == ("succeeded", "ref-1", None)
    assert after.is_ended


@pytest.mark.parametrize("state", ASKED)
def test_a_decline_ends_it_and_forgets_the_card(state):
    after = settle(operation(state=state), DECLINED)

    assert (after.state, after.sealed) == ("failed", None)
    assert after.is_ended


@pytest.mark.parametrize("outcome", [PENDING, ActionRequired("qr", LATER, resolve_after=WAIT)])
def test_an_answer_that_comes_later_moves_the_due_time_and_begins_counting_anew(outcome):
    after = settle(operation(state="unknown", queries=3), outcome)

    assert (after.state, after.due_at, after.queries) == ("pending", LATER + WAIT, 0)
    assert after.sealed == "sealed card"


def test_a_processors_notes_are_kept_until_it_gives_others():
    noted = settle(operation(state="sent"), PENDING)
    silent = settle(noted, Pending(resolve_after=WAIT))
    other = settle(silent, Pending(resolve_after=WAIT, state={}))

    assert [each.processor_state for each in (noted, silent, other)] == [{"step": 1}] * 2 + [{}]


def test_a_lost_answer_is_asked_about_after_the_wait_and_counted():
    after = settle(operation(state="sent"), LOST)

    assert (after.state, after.due_at, after.queries) == ("unknown", LATER + WAIT, 1)
    assert settle(after, LOST).queries == 2


def test_what_no_query_could_settle_is_left_to_a_person_without_the_card():
    after = settle(operation(state="unknown"), LOST, wait=None)

    assert (after.state, after.sealed) == ("needs_review", ERASED)
    assert after.is_ended


def test_a_person_settles_what_no_machine_could():
    reviewed = operation(state="needs_review")

    assert settle(reviewed, APPROVED).state == "succeeded"
    assert settle(reviewed, DECLINED).sealed is None
    with pytest.raises(InvalidTransitionError):
        settle(reviewed, LOST)


@pytest.mark.parametrize("state", ASKED)
def test_what_the_processor_never_saw_is_sent_again_under_the_same_id(state):
    after = operation(state=state).not_sent(at=LATER, wait=WAIT)

    assert (after.state, after.due_at, after.sends) == ("reserved", LATER + WAIT, 1)
    # Of what was asked about it before, nothing counts against the queries to come.
    assert after.mark_sent().queries == 0
    assert (after.id, after.sealed) == (operation().id, "sealed card")


@pytest.mark.parametrize("outcome", [APPROVED, DECLINED, PENDING, LOST])
@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_what_is_decided_takes_no_answer(state, outcome):
    with pytest.raises(InvalidTransitionError):
        settle(operation(state=state), outcome)


@pytest.mark.parametrize("outcome", [APPROVED, DECLINED])
def test_what_did_reach_the_processor_after_all_is_decided_by_its_answer(outcome):
    sent_again = replace(operation(state="reserved"), sends=1)

    assert not sent_again.is_unsent
    assert settle(sent_again, outcome).is_ended


def test_pending_is_asked_about_ever_more_slowly():
    at_once = Pending(timedelta(0))
    young, old = NOW + timedelta(seconds=1), NOW + timedelta(hours=10)

    assert operation(state="sent").settle(at_once, at=young, wait=None).due_at - young == SECOND
    assert operation(state="sent").settle(at_once, at=old, wait=None).due_at - old == 360 * SECOND


def test_pending_counts_as_no_answer_an_hour_after_it_should_have_ended():
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
