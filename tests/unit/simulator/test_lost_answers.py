import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from paygate import (
    Approved,
    DeclineCode,
    Declined,
    NotSentError,
    OperationKind,
    Simulator,
    SimulatorSettings,
)
from paygate.simulator.book import Book
from paygate.simulator.scenario import Scenario, Timeline

CHARGE = OperationKind.CHARGE
NO_FUNDS = Declined(DeclineCode.INSUFFICIENT_FUNDS, retry="later")


def simulator(**settings):
    return Simulator("acme", SimulatorSettings(**settings))


def in_test_mode(**settings):
    return simulator(test_mode=True, **settings)


async def test_without_state_and_record_the_operation_is_unknown(desk):
    with pytest.raises(NotSentError, match="op_1 was received") as caught:
        await simulator().query(CHARGE, desk.follow_up(), desk.context())

    assert caught.value.plugin == "acme"


async def test_an_operation_sent_again_ends_the_same_way(desk):
    acme = simulator(success_rate=0.5)
    first = await acme.authorize(desk.request(), desk.context())
    desk.clock.at += timedelta(seconds=5)

    again = await acme.authorize(desk.request(), desk.context())

    assert again.resolve_after == first.resolve_after
    assert again.state["approved"] == first.state["approved"]


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"due_at": "soon", "approved": True, "decline": None},
        {"due_at": "2026-01-15T10:30:00", "approved": True, "decline": None},
        {"due_at": "2026-01-15T10:30:00+00:00", "approved": "yes", "decline": None},
        {"due_at": "2026-01-15T10:30:00+00:00", "approved": False, "decline": {"code": "mood"}},
    ],
)
async def test_an_unreadable_state_is_ignored(desk, state):
    with pytest.raises(NotSentError):
        await simulator().query(CHARGE, desk.follow_up(), desk.context(state=state))


async def test_the_record_answers_if_the_first_response_was_lost(desk, tmp_path):
    acme = in_test_mode(book=tmp_path / "book.jsonl")
    lost = await acme.authorize(desk.request(), desk.context(), decline=NO_FUNDS)

    before = await acme.query(CHARGE, desk.follow_up(), desk.context())
    desk.clock.at += lost.resolve_after
    after = await acme.query(CHARGE, desk.follow_up(), desk.context())

    assert before == lost
    assert after == NO_FUNDS


async def test_the_record_contains_immediate_results(desk, tmp_path):
    acme = in_test_mode(test_processing_delay_ms=0, book=tmp_path / "book.jsonl")
    lost = await acme.authorize(desk.request(), desk.context())

    assert await acme.query(CHARGE, desk.follow_up(), desk.context()) == lost


async def test_an_operation_that_is_not_in_the_record_is_unknown(desk, tmp_path):
    acme = in_test_mode(book=tmp_path / "book.jsonl")
    await acme.authorize(desk.request(), desk.context("op_1"))

    with pytest.raises(NotSentError):
        await acme.query(CHARGE, desk.follow_up("op_2"), desk.context("op_2"))


async def test_concurrent_charges_are_all_in_the_record(desk, tmp_path):
    path = tmp_path / "folder" / "book.jsonl"
    acme = in_test_mode(book=path)

    await asyncio.gather(
        *(
            acme.authorize(desk.request(f"pay_{ordinal}"), desk.context(f"op_{ordinal}"))
            for ordinal in range(100)
        )
    )

    charges = Book(path).charges()
    assert {charge.operation_id for charge in charges} == {f"op_{n}" for n in range(100)}
    assert {charge.processor for charge in charges} == {"acme"}


async def test_a_charge_that_cannot_be_recorded_is_not_sent(desk, tmp_path):
    (tmp_path / "file").touch()
    acme = in_test_mode(book=tmp_path / "file" / "book.jsonl")

    with pytest.raises(NotSentError, match="the record file cannot be written"):
        await acme.authorize(desk.request(), desk.context())


HANGS = Scenario(
    name="hangs",
    number=1,
    description="It hangs, and was done.",
    charge=Timeline(call="unknown", then=((0, "approved"),)),
    refund=Timeline(call="unknown", then=((0, "approved"),)),
    capture=Timeline(call="unknown", then=((0, "approved"),)),
    void=Timeline(call="unknown", then=((0, "approved"),)),
)


@pytest.mark.parametrize("kind", ["charge", "refund", "capture", "void"])
async def test_a_scenario_does_not_answer_about_an_unrecorded_operation(desk, tmp_path, kind):
    settings = SimulatorSettings(book=tmp_path / "book.jsonl", callback_secret="a secret")
    acme = Simulator("acme", settings, {"hangs": HANGS})
    context = replace(desk.context(), scenario="hangs", asked_at=desk.clock.at)

    with pytest.raises(NotSentError, match="was received"):
        await acme.query(OperationKind(kind), desk.follow_up(), context)


@pytest.mark.parametrize("kind", ["charge", "refund", "capture", "void"])
@pytest.mark.parametrize("scenario", [None, "hangs"])
async def test_every_operation_is_in_the_record_with_its_id(desk, tmp_path, kind, scenario):
    path = tmp_path / "book.jsonl"
    acme = Simulator("acme", SimulatorSettings(book=path, test_mode=True), {"hangs": HANGS})
    context = replace(desk.context(), scenario=scenario, asked_at=desk.clock.at)
    about = desk.follow_up("op_of_the_charge")
    asks = {
        "charge": lambda: acme.authorize(desk.request(), context),
        "refund": lambda: acme.refund(about, context),
        "capture": lambda: acme.settle_hold(OperationKind.CAPTURE, about, context),
        "void": lambda: acme.settle_hold(OperationKind.VOID, about, context),
    }

    first = await asks[kind]()

    (entry,) = Book(path).entries()
    assert (entry.kind, entry.operation_id, entry.payment_id) == (kind, "op_1", "pay_1")
    assert entry.decision.is_approved
    desk.clock.at += timedelta(seconds=10)
    state = getattr(first, "state", None)
    outcome = await acme.query(OperationKind(kind), desk.follow_up(), replace(context, state=state))
    assert outcome == Approved("acme_op_1", desk.amount, outcome.operation_id)


async def test_the_decision_of_the_payer_is_in_the_record_if_its_callback_is_lost(desk, tmp_path):
    path = tmp_path / "book.jsonl"
    waits = Timeline(call="action:upi_collect", then=((300, "declined:payer_timed_out"),))
    acme = Simulator("acme", SimulatorSettings(book=path, callback_secret="a secret"))
    context = replace(desk.context(), asked_at=desk.clock.at)
    await acme.authorize(desk.request(), context, timeline=waits)

    acme.payer_decides(desk.follow_up(), "approve")

    outcome = await acme.query(CHARGE, desk.follow_up(), context, timeline=waits)
    assert isinstance(outcome, Approved)


async def test_a_charge_lost_on_the_network_is_not_in_the_record(desk, tmp_path):
    path = tmp_path / "book.jsonl"
    context = replace(desk.context(), asked_at=desk.clock.at)

    with pytest.raises(NotSentError):
        await Simulator("acme", SimulatorSettings(book=path)).authorize(
            desk.request(), context, timeline=Timeline(call="not_sent")
        )

    assert Book(path).entries() == []
