import asyncio
from datetime import timedelta

import pytest

from paygate import (
    DeclineCode,
    Declined,
    NotSentError,
    OperationKind,
    Simulator,
    SimulatorSettings,
)
from paygate.simulator.book import Book

CHARGE = OperationKind.CHARGE
NO_FUNDS = Declined(DeclineCode.INSUFFICIENT_FUNDS, retry="later")


def simulator(**settings):
    return Simulator("acme", SimulatorSettings(**settings))


def in_test_mode(**settings):
    return simulator(test_mode=True, **settings)


async def test_without_state_and_book_the_operation_was_never_seen(desk):
    with pytest.raises(NotSentError, match="op_1 was ever seen") as caught:
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
async def test_a_state_that_cannot_be_read_is_as_good_as_none(desk, state):
    with pytest.raises(NotSentError):
        await simulator().query(CHARGE, desk.follow_up(), desk.context(state=state))


async def test_the_book_answers_when_the_first_answer_was_lost(desk, tmp_path):
    acme = in_test_mode(book=tmp_path / "book.jsonl")
    lost = await acme.authorize(desk.request(), desk.context(), decline=NO_FUNDS)

    before = await acme.query(CHARGE, desk.follow_up(), desk.context())
    desk.clock.at += lost.resolve_after
    after = await acme.query(CHARGE, desk.follow_up(), desk.context())

    assert before == lost
    assert after == NO_FUNDS


async def test_the_book_answers_about_an_answer_given_at_once(desk, tmp_path):
    acme = in_test_mode(test_processing_delay_ms=0, book=tmp_path / "book.jsonl")
    lost = await acme.authorize(desk.request(), desk.context())

    assert await acme.query(CHARGE, desk.follow_up(), desk.context()) == lost


async def test_what_is_not_in_the_book_was_never_seen(desk, tmp_path):
    acme = in_test_mode(book=tmp_path / "book.jsonl")
    await acme.authorize(desk.request(), desk.context("op_1"))

    with pytest.raises(NotSentError):
        await acme.query(CHARGE, desk.follow_up("op_2"), desk.context("op_2"))


async def test_charges_received_at_once_are_all_in_the_book(desk, tmp_path):
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


async def test_a_book_that_cannot_be_written_means_nobody_was_charged(desk, tmp_path):
    (tmp_path / "file").touch()
    acme = in_test_mode(book=tmp_path / "file" / "book.jsonl")

    with pytest.raises(NotSentError, match="the book cannot be written"):
        await acme.authorize(desk.request(), desk.context())
