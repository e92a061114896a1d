"""Which sequences of deliveries are played, and how a failure is shrunk. No network."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import permutations

import pytest

from paygate.chaos.books import Books, PlayedPayment
from paygate.chaos.check import ChaosQuestion, judge
from paygate.chaos.plan import Group, PlanOptions, SignatureKind, orders_possible, plan
from paygate.chaos.sequence import (
    Fault,
    Step,
    good_day,
    has_duplicates,
    inversions,
    parse_steps,
    steps,
    steps_to_text,
)
from paygate.chaos.shrink import shrink, variants
from paygate.core.plugin_api.sink import DeliverableEvent

EVENTS = (
    "payment.created",
    "payment.pending",
    "payment.success",
    "refund.created",
    "refund.processed",
)


def sequences(group: Group, options: PlanOptions | None = None):
    planned = plan(EVENTS, options or PlanOptions())
    return [each.sequence for each in planned if each.group is group]


def test_a_sequence_is_read_as_it_is_printed():
    sequence = (Step("payment.success", Fault.ANSWER_LOST), Step("payment.created"))

    assert parse_steps(steps_to_text(sequence)) == sequence
    assert parse_steps("a, b") == steps("a", "b")


@pytest.mark.parametrize(
    ("text", "message"), [("", "no step"), ("a:eaten", "there is no fault 'eaten'; they are lost")]
)
def test_a_sequence_that_cannot_be_read_is_explained(text: str, message: str):
    with pytest.raises(ValueError, match=message):
        parse_steps(text)


def test_the_plan_has_every_order_once():
    orders = [each for each in sequences(Group.ORDERS) if all(step.fault is None for step in each)]
    natural = sequences(Group.GOOD_DAY)

    assert natural == [steps(*EVENTS)]
    assert {*orders, *natural} == {steps(*order) for order in permutations(EVENTS)}
    assert len(orders) + 1 == orders_possible(EVENTS) == 120
    disorder = [inversions(order, EVENTS) for order in orders]
    assert disorder == sorted(disorder)


def test_the_plan_repeats_by_its_seed_and_differs_by_it():
    same, other = PlanOptions(seed=7), PlanOptions(seed=8)

    assert plan(EVENTS, same) == plan(EVENTS, PlanOptions(seed=7))
    assert sequences(Group.MIXED, same) != sequences(Group.MIXED, other)
    assert len({each.sequence for each in plan(EVENTS, same)}) == len(plan(EVENTS, same))


def test_more_orders_than_the_bound_are_a_sample_by_seed():
    few = PlanOptions(seed=3, orders_max=10)
    many = tuple(f"event.{letter}" for letter in "abcdefghij")

    # Beside the orders: each event lost, and all of them.
    assert 10 <= len(sequences(Group.ORDERS, few)) <= 10 + len(EVENTS) + 1
    assert plan(many, few) == plan(many, few)


def test_the_duplicates_are_of_each_event_at_once_and_later():
    duplicates = sequences(Group.DUPLICATES)

    assert all(has_duplicates(each) for each in duplicates)
    for event in EVENTS:
        place = EVENTS.index(event)
        assert steps(*EVENTS[: place + 1], *EVENTS[place:]) in duplicates
        assert steps(*EVENTS, event) in duplicates
        lost = [*steps(*EVENTS)]
        lost[place] = Step(event, Fault.ANSWER_LOST)
        assert tuple(lost) in duplicates


def test_each_event_is_forged_in_each_way_and_comes_genuine_too():
    forged = sequences(Group.SIGNATURES)
    plain = sequences(Group.SIGNATURES, PlanOptions(signature=SignatureKind.PLAIN))
    faults = {step.fault for each in forged for step in each} - {None}

    assert faults == {Fault.TAMPERED, Fault.WRONG_KEY, Fault.UNSIGNED, Fault.STALE}
    assert all(good_day(each, EVENTS) == steps(*EVENTS) for each in forged)
    # Without a signed time nothing is stale.
    assert Fault.STALE not in {step.fault for each in plain for step in each}


def fails_if(condition):
    played = []

    async def fails(sequence):
        played.append(sequence)
        return condition([str(step) for step in sequence])

    return fails, played


async def test_a_double_credit_is_shrunk_to_the_event_twice():
    fails, _ = fails_if(lambda texts: texts.count("payment.success") > 1)
    long = steps(*EVENTS, "refund.created", "payment.success", "payment.pending")

    assert await shrink(long, EVENTS, fails) == steps("payment.success", "payment.success")


async def test_an_order_is_shrunk_to_the_two_events_that_are_wrong():
    def refunds_first(texts: list[str]) -> bool:
        both = {"refund.processed", "payment.success"} <= set(texts)
        return both and texts.index("refund.processed") < texts.index("payment.success")

    fails, _ = fails_if(refunds_first)

    assert await shrink(steps(*reversed(EVENTS)), EVENTS, fails) == steps(
        "refund.processed", "payment.success"
    )


async def test_faults_that_do_not_matter_are_removed():
    fails, _ = fails_if(lambda texts: "payment.success:tampered" in texts)
    sequence = parse_steps(
        "payment.created:lost payment.success:tampered payment.success:answer-lost"
    )

    assert await shrink(sequence, EVENTS, fails) == (Step("payment.success", Fault.TAMPERED),)


async def test_the_simplest_sequence_stays_and_none_is_played_twice():
    sequence = steps(*reversed(EVENTS))
    fails, played = fails_if(lambda texts: texts == list(reversed(EVENTS)))

    assert await shrink(sequence, EVENTS, fails) == sequence
    assert len(played) == len(set(played))


def test_each_variant_is_simpler():
    def size(sequence):
        faults = sum(step.fault is not None for step in sequence)
        return len(sequence), faults, inversions(sequence, EVENTS)

    for planned in plan(EVENTS, PlanOptions(orders_max=20)):
        for simpler in variants(planned.sequence, EVENTS):
            assert size(simpler) < size(planned.sequence)


def payment() -> PlayedPayment:
    amounts = {"refund.created": 200, "refund.processed": 200}
    events = {
        type: DeliverableEvent(
            f"evt_{type}",
            type,
            json.dumps({"data": {"amount": amounts.get(type, 500)}}).encode(),
            datetime(2030, 1, 1, tzinfo=UTC),
        )
        for type in EVENTS
    }
    return PlayedPayment("pay_1", "order_1", "INR", events)


def test_the_books_follow_from_the_events_however_often_they_come():
    made = payment()

    assert made.books_after(EVENTS) == Books("success", 500, 200, "INR")
    assert made.books_after([*reversed(EVENTS), *EVENTS]) == made.books_after(EVENTS)
    assert made.books_after(["payment.success"]) == Books("success", 500, 0, "INR")
    assert made.books_after([]) == Books("pending", 0, 0, "INR")


@pytest.mark.parametrize(
    ("text", "refusal", "wrong"),
    [
        ("", None, None),
        ("all right", None, None),
        ('{"amount_paid": 500, "row": 1}', None, None),
        ('{"amount_paid": 1000}', None, "amount_paid is 1000 instead of 500"),
        ('{"status": "pending", "amount_refunded": "200"}', "exit code 1",
         "status is 'pending' instead of 'success', amount_refunded is '200' instead of 200"),
        ("two rows", "exit code 1", "two rows (exit code 1)"),
        ("", "status 409", "the check says no (status 409)"),
        ("[1]", None, None),
    ],
)  # fmt: skip
def test_a_check_answers_yes_no_or_with_its_books(
    text: str, refusal: str | None, wrong: str | None
):
    assert judge(text, Books("success", 500, 200, "INR"), refusal) == wrong


def test_a_long_answer_of_a_check_is_shortened_to_its_end():
    wrong = judge("line\n" * 500 + "KeyError: 'x'", Books("success", 1, 0, "INR"), "exit code 1")

    assert wrong is not None
    assert len(wrong) < 400
    assert wrong.endswith("KeyError: 'x' (exit code 1)")


def test_a_check_gets_the_expected_books_as_text():
    question = ChaosQuestion("pay_1", "order_1", "a b", Books("success", 500, 200, "INR"))

    assert question.as_text() == {
        "payment_id": "pay_1",
        "order_id": "order_1",
        "sequence": "a b",
        "status": "success",
        "amount_paid": "500",
        "amount_refunded": "200",
        "currency": "INR",
    }
