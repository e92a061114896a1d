"""The breaker of a processor, and the shares of several."""

from __future__ import annotations

from datetime import timedelta

import pytest

from paygate import Approved, Money, NotSentError, Pending, Unknown
from paygate.core.limits import BREAKER_PAUSE_MAX, PROCESSOR_FAILURES_MAX
from paygate.core.payments.breaker import (
    ProcessorBreakers,
    ProcessorShares,
    reason_of_failure,
)
from paygate.core.payments.operation import OperationKind

BANK, OTHER = "bank", "other"
APPROVED = Approved("ref", Money(50_000, "INR"))


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(clock: Clock) -> ProcessorBreakers:
    return ProcessorBreakers(clock)


def fail(breakers: ProcessorBreakers, times: int = PROCESSOR_FAILURES_MAX) -> None:
    for number in range(times):
        breakers.failed(BANK, f"op_{number}", "no response within 10 s")


def probe(breakers: ProcessorBreakers, *, fails: bool) -> None:
    breakers.begin(BANK, "probe")
    if fails:
        breakers.failed(BANK, "probe", "no response within 10 s")
    else:
        breakers.succeeded(BANK)
    breakers.end(BANK, "probe")


def test_five_failures_in_a_row_open_the_breaker(breakers: ProcessorBreakers):
    fail(breakers, PROCESSOR_FAILURES_MAX - 1)
    before = breakers.state(BANK)
    fail(breakers, 1)

    assert (before, breakers.state(BANK), breakers.room(BANK)) == ("closed", "open", 0)
    assert (breakers.state(OTHER), breakers.room(OTHER)) == ("closed", None)
    assert breakers.shown()[BANK].reason == "no response within 10 s"


def test_a_response_between_failures_keeps_the_breaker_closed(breakers: ProcessorBreakers):
    fail(breakers, PROCESSOR_FAILURES_MAX - 1)
    breakers.succeeded(BANK)
    fail(breakers, PROCESSOR_FAILURES_MAX - 1)

    assert breakers.state(BANK) == "closed"
    assert breakers.shown() == {}


def test_after_the_pause_one_call_is_let_through(breakers: ProcessorBreakers, clock: Clock):
    fail(breakers)
    clock.now_s += 1
    before = breakers.state(BANK), breakers.room(BANK)
    breakers.begin(BANK, "probe")

    assert before == ("half_open", 1)
    assert breakers.room(BANK) == 0


def test_a_probe_with_a_response_closes_the_breaker(breakers: ProcessorBreakers, clock: Clock):
    fail(breakers)
    clock.now_s += 1
    probe(breakers, fails=False)

    assert (breakers.state(BANK), breakers.room(BANK)) == ("closed", None)


def test_each_failed_probe_doubles_the_pause_up_to_a_limit(
    breakers: ProcessorBreakers, clock: Clock
):
    fail(breakers)
    pauses_s = []
    for _ in range(7):
        began_s = clock.now_s
        while breakers.state(BANK) == "open":
            clock.now_s += 0.5
        pauses_s.append(clock.now_s - began_s)
        probe(breakers, fails=True)

    assert pauses_s == [1, 2, 4, 8, 16, 30, 30]
    assert pauses_s[-1] == BREAKER_PAUSE_MAX.total_seconds()


def test_a_probe_without_a_result_is_followed_by_another(breakers: ProcessorBreakers, clock: Clock):
    fail(breakers)
    clock.now_s += 1
    breakers.begin(BANK, "probe")
    breakers.end(BANK, "probe")

    assert (breakers.state(BANK), breakers.room(BANK)) == ("half_open", 1)


def test_calls_that_began_before_do_not_prolong_the_pause(
    breakers: ProcessorBreakers, clock: Clock
):
    fail(breakers, 300)
    clock.now_s += 1

    assert breakers.state(BANK) == "half_open"


@pytest.mark.parametrize(
    ("kind", "outcome", "is_query", "can_query", "reason"),
    [
        (OperationKind.CHARGE, APPROVED, False, True, None),
        (OperationKind.CHARGE, Pending(timedelta(seconds=1)), False, True, None),
        (OperationKind.CHARGE, Unknown("no response within 10 s"), False, True, "no response"),
        (OperationKind.CHARGE, NotSentError("the line is down"), False, True, "the line"),
        # The processor has answered that it does not know the operation.
        (OperationKind.CHARGE, NotSentError("unknown id"), True, True, None),
        (OperationKind.CHARGE, Unknown("no response within 10 s"), True, True, "no response"),
        (OperationKind.CHARGE, Unknown("it does not support queries"), True, False, ""),
        (OperationKind.WAKE, NotSentError("failed"), False, True, ""),
    ],
)
def test_unknown_and_unsent_calls_count_as_failures(
    kind: OperationKind, outcome: object, is_query: bool, can_query: bool, reason: str | None
):
    found = reason_of_failure(kind, outcome, is_query=is_query, can_query=can_query)  # type: ignore[arg-type]  # an outcome of the table

    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert bool(found) == bool(reason)
        assert found.startswith(reason)


@pytest.mark.parametrize("hanging", [1, 2, 5])
def test_hanging_processors_leave_slots_for_the_others(breakers: ProcessorBreakers, hanging: int):
    shares = ProcessorShares(breakers, 400)
    names = [f"hangs_{number}" for number in range(hanging)]
    used = 0
    while any((rooms := shares.rooms([*names, OTHER]))[name] for name in names):
        for name in names:
            for _ in range(min(200, shares.rooms([*names, OTHER])[name])):
                shares.begin(name, "op")
                used += 1

    assert used < 400
    assert shares.rooms([*names, OTHER])[OTHER] >= 1
    assert rooms[OTHER] >= 1


def test_a_single_processor_may_use_all_slots(breakers: ProcessorBreakers):
    shares = ProcessorShares(breakers, 400)
    for _ in range(300):
        shares.begin(BANK, "op")

    assert shares.rooms([BANK]) == {BANK: 100}


def test_a_processor_that_blocks_the_event_loop_is_paused_although_it_responds(
    breakers: ProcessorBreakers, clock: Clock
):
    pauses_s = []
    for _ in range(3):
        breakers.succeeded(BANK)
        breakers.trip(BANK, "Bank.authorize blocked the event loop for 3 s (bank.py:7)")
        began_s = clock.now_s
        while breakers.state(BANK) == "open":
            clock.now_s += 0.5
        pauses_s.append(clock.now_s - began_s)

    assert pauses_s == [1, 2, 4]
    assert breakers.shown()[BANK].reason.startswith("Bank.authorize blocked the event loop")


def test_answers_that_waited_for_a_blocked_loop_do_not_close_the_breaker(
    breakers: ProcessorBreakers, clock: Clock
):
    breakers.trip(BANK, "Bank.authorize blocked the event loop for 3 s (bank.py:7)")
    # The call that blocked the loop, and those that were in progress meanwhile.
    for _ in range(3):
        breakers.succeeded(BANK)
    assert (breakers.state(BANK), breakers.room(BANK)) == ("open", 0)

    clock.now_s += 1
    breakers.begin(BANK, "probe")
    breakers.succeeded(BANK)

    assert breakers.state(BANK) == "closed"
