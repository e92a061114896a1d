"""The bank's callbacks: signed, when they are due, until they are accepted."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from paygate.bank.callbacks import AGAIN_AFTER_S

from .client import SECRET, Caller, Received

DAY_S = 86_400


@asynccontextmanager
async def sending(caller: Caller) -> AsyncIterator[None]:
    task = asyncio.create_task(caller.bank.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.001)


def is_genuine(received: Received) -> bool:
    timestamp, signature = received.headers["bank-signature"].removeprefix("t=").split(",v1=")
    signed = f"{timestamp}.".encode() + received.body
    return signature == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


async def test_a_callback_is_sent_as_often_as_its_scenario_says_and_no_earlier():
    caller = Caller()
    async with sending(caller):
        await caller.charge(scenario="duplicate_callbacks")
        assert await caller.status() == "pending"
        caller.advance(4.9)
        await caller.charge("op_2", scenario="declined_by_callback")
        assert caller.received == []
        caller.advance(0.1)
        await until(lambda: len(caller.received) == 20)

    assert {received.body for received in caller.received} == {caller.received[0].body}
    assert all(map(is_genuine, caller.received))
    assert caller.received[0].content == {
        "id": "op_1:0",
        "operation": {
            "kind": "charge",
            "reference": "op_1",
            "id": "bank_op_1",
            "amount": 500,
            "currency": "INR",
            "status": "approved",
        },
    }
    assert [entry["callbacks_accepted"] for entry in caller.book()] == [20, 0]


async def test_a_refused_callback_is_sent_again_until_it_is_accepted():
    caller = Caller()
    caller.statuses = [503, 401]
    async with sending(caller):
        await caller.charge(scenario="approved_by_callback")
        for seconds in (15, *AGAIN_AFTER_S[:2]):
            count = len(caller.received)
            caller.advance(seconds)
            await until(lambda count=count: len(caller.received) == count + 1)

    assert [entry["callbacks_accepted"] for entry in caller.book()] == [1]
    assert len({received.body for received in caller.received}) == 1


async def test_a_forged_callback_has_a_wrong_signature_and_changes_nothing():
    caller = Caller()
    async with sending(caller):
        await caller.charge(scenario="unsigned_callback")
        caller.advance(5)
        await until(lambda: caller.received)

    assert not is_genuine(caller.received[0])
    assert caller.received[0].content["operation"]["response_code"] == "05"
    assert await caller.status() == "pending"


async def test_a_late_approval_changes_the_book_before_it_is_reported():
    caller = Caller()
    async with sending(caller):
        _, first = await caller.charge(scenario="late_success")
        caller.advance(600)
        await until(lambda: caller.received)

    assert first["response_code"] == "68"
    assert [entry["status"] for entry in caller.book()] == ["approved"]


@pytest.mark.parametrize("is_captured", [False, True])
async def test_held_money_is_released_after_seven_days_unless_it_was_captured(is_captured: bool):
    caller = Caller()
    async with sending(caller):
        await caller.charge(capture=False)
        if is_captured:
            await caller.follow_up("/captures", "op_2")
        # A later callback, so that the test knows when the first was due.
        caller.advance(1)
        await caller.charge("op_3", capture=False)
        caller.advance(7 * DAY_S)
        await until(
            lambda: any(
                each.content["operation"]["reference"] == "op_3" for each in caller.received
            )
        )

    assert await caller.status() == ("approved" if is_captured else "expired")
    assert len(caller.received) == (1 if is_captured else 2)
    late, _ = await caller.follow_up("/captures", "op_4", charge="op_3")
    assert late == 422


@pytest.mark.parametrize(
    ("decision", "status"), [("approve", "approved"), ("wrong_pin", "declined")]
)
async def test_the_payer_decides_a_charge_that_waits(decision: str, status: str):
    caller = Caller()
    async with sending(caller):
        _, first = await caller.charge(scenario="three_ds")
        path = "/test/operations/op_1/payer"
        code, decided = await caller.call("POST", path, {"decision": decision})
        await until(lambda: caller.received)
        again, _ = await caller.call("POST", path, {"decision": decision})

    assert (first["status"], first["action"]) == ("action_required", "three_ds")
    assert (code, decided["status"], again) == (200, status, 409)
    assert caller.received[0].content["operation"]["status"] == status


async def test_without_an_address_no_callback_is_sent():
    caller = Caller(callback_url=None)
    async with sending(caller):
        await caller.charge(scenario="approved_by_callback")
        caller.advance(15)
        assert await caller.status() == "approved"
        await until(lambda: not caller.bank.callbacks._waiting)

    assert caller.received == []


async def test_a_test_moves_the_clock_of_the_bank():
    caller = Caller()
    before = caller.bank.clock.now()
    status, answer = await caller.call("POST", "/test/clock", {"advance_s": 60})

    assert (status, (caller.bank.clock.now() - before).total_seconds()) == (200, 60)
    assert answer["now"] == caller.bank.clock.now().isoformat()
