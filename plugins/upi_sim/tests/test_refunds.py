from datetime import timedelta

from paygate import (
    Approved,
    CanRefund,
    DeclineCode,
    Declined,
    FollowUp,
    Instrument,
    Money,
    OperationKind,
    Pending,
)
from paygate_upi_sim import UpiSim, UpiSimSettings

AMOUNT = Money(20_000, "INR")


def asked(clock, payer):
    instrument = Instrument("upi", "collect", {"vpa": payer})
    return FollowUp("pay_1", "op_1", AMOUNT, instrument, asked_at=clock.now())


async def settled(clock, call, payer):
    """Return the first answer, and the one after its delay."""
    processor = UpiSim(UpiSimSettings(test_mode=True))
    assert isinstance(processor, CanRefund)
    request = asked(clock, payer)
    first = await processor.refund(request, call())
    assert isinstance(first, Pending)
    clock.at += first.resolve_after
    return first, await processor.query(OperationKind.REFUND, request, call(state=first.state))


async def test_a_refund_takes_three_to_five_seconds_in_test_mode(clock, call):
    first, last = await settled(clock, call, "user@paytm")

    assert timedelta(seconds=3) <= first.resolve_after <= timedelta(seconds=5)
    assert isinstance(last, Approved)
    assert last.amount == AMOUNT


async def test_refunds_to_one_payer_are_declined(clock, call):
    _, last = await settled(clock, call, "norefund@upi")

    assert last == Declined(DeclineCode.BLOCKED_INSTRUMENT, retry="never")


async def test_without_a_delay_a_refund_is_decided_immediately(clock, call):
    settings = UpiSimSettings(refund_delay_min_ms=0, refund_delay_max_ms=0)

    answer = await UpiSim(settings).refund(asked(clock, "user@paytm"), call())

    assert isinstance(answer, Approved)
