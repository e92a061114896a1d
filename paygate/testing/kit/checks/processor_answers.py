"""A processor returns an outcome of the operation that it was asked for."""

from __future__ import annotations

from functools import partial
from typing import get_args

from ....core.errors import PluginContractError
from ....core.money import EXPONENTS, Money
from ....core.outcome import (
    ActionRequired,
    Approved,
    DeclineCode,
    Declined,
    Outcome,
    Pending,
    Released,
    RetryAdvice,
    Unknown,
)
from ....core.payments.operation import OperationKind
from ....core.plugin_api.processor import CanCallback, CanQuery
from ....plugins.results import checked_outcome, is_usable_wait
from ..calls import Result, run_async, run_sync
from ..cases import ProcessorCase, operation
from ..operations import Charge, approved, charged
from ..rules import DoesNotApplyError, require, rule


@rule(
    "processor.returns_an_outcome",
    why="the host treats anything else as Unknown: a person must resolve the payment",
    remedy="return one of Approved, Declined, ActionRequired, Pending and Unknown",
)
async def returns_an_outcome(case: ProcessorCase) -> None:
    """Returns an outcome for a charge, and nothing else."""
    charge = await charged(case, case.processor(), case.stage())
    for result in (charge.first, charge.last):
        require(result.raised is None and result.is_over, f"a charge ended with {result}")
        is_outcome = isinstance(result.answer, get_args(Outcome))
        require(is_outcome, f"it answered with {result.answer!r}")
        require(not isinstance(result.answer, Released), "only a callback may return Released")


@rule(
    "processor.approves",
    why="the sample that should be approved was not",
    remedy="read the outcome; if the sample is wrong, correct `approved`",
)
async def approves(case: ProcessorCase) -> None:
    """Approves the charge that its author declares approved."""
    charge = await charged(case, case.processor(), case.stage())
    require(isinstance(charge.ending, Approved), f"`approved` ended with {charge.last}")


@rule(
    "processor.returns_declines",
    why="after an exception the outcome is unknown, and the shopper must wait",
    remedy="return Declined(code) if the processor declines; do not raise an exception. "
    "If the sample is wrong, correct `declined`",
)
async def returns_declines(case: ProcessorCase) -> None:
    """Returns Declined for a definite decline, and does not raise it."""
    charge = await _declined(case)
    require(isinstance(charge.ending, Declined), f"`declined` ended with {charge.last}")


@rule(
    "processor.declines_with_known_codes",
    why="shops and failover use the code; an unknown code is useless to them",
    remedy="map the processor's codes to DeclineCode; keep the original in `processor_code`",
)
async def declines_with_known_codes(case: ProcessorCase) -> None:
    """Declines with a DeclineCode, and with retry advice from the list."""
    ending = (await _declined(case)).ending
    if not isinstance(ending, Declined):
        raise DoesNotApplyError("see processor.returns_declines")
    require(isinstance(ending.code, DeclineCode), f"its code is {ending.code!r}")
    require(ending.retry in get_args(RetryAdvice), f"its advice is {ending.retry!r}")
    for name in ("processor_code", "shopper_message_key"):
        value = getattr(ending, name)
        require(value is None or isinstance(value, str), f"its {name} is {value!r}")


@rule(
    "processor.approves_the_exact_amount",
    why="a hard-coded amount charges too much or too little",
    remedy="approve request.amount, or the amount that the processor has charged",
)
async def approves_the_exact_amount(case: ProcessorCase) -> None:
    """Approves exactly the requested amount, whatever it is."""
    processor, stage = case.processor(), case.stage()
    for ordinal, minor in enumerate((101, 12_345, 777_700), 1):
        await _approves_exactly(case, case.amount(minor), ordinal, processor=processor, stage=stage)


@rule(
    "processor.supports_its_declared_amounts",
    why="the host sends any amount between the declared limits",
    remedy="support the smallest and the largest declared amount, or declare other limits",
)
async def supports_its_declared_amounts(case: ProcessorCase) -> None:
    """Approves the smallest and the largest amount that it declares."""
    can = case.processor().capabilities
    bounds = [each for each in (can.amount_minor_min, can.amount_minor_max) if each]
    if not bounds:
        raise DoesNotApplyError("it declares no limits")
    for ordinal, minor in enumerate(bounds, 1):
        await _approves_exactly(case, case.amount(minor), ordinal)


@rule(
    "processor.supports_currency_exponents",
    why="yen have no decimals and dinars have three: the shopper would pay a hundredfold",
    remedy="use minor units; if you must convert, divide by 10**exponent of the currency",
)
async def supports_currency_exponents(case: ProcessorCase) -> None:
    """Approves the requested amount in currencies with zero, two and three decimals."""
    by_exponent = {EXPONENTS[code]: code for code in reversed(case.currencies())}
    for ordinal, currency in enumerate(by_exponent.values(), 1):
        amount = case.amount(currency=currency)
        asked = case.request(amount)
        charge = await charged(case, case.processor(), case.stage(), asked=asked, ordinal=ordinal)
        if isinstance(charge.ending, Approved):
            got = charge.ending.amount
            require(got == amount, f"asked for {amount}, it approved {got}")


@rule(
    "processor.refuses_other_currencies",
    why="an approval in an undeclared currency cannot be recorded",
    remedy="decline a currency that is not in `capabilities.currencies`",
)
async def refuses_other_currencies(case: ProcessorCase) -> None:
    """Approves nothing in a currency that it does not declare."""
    declared = case.processor().capabilities.currencies
    if not declared:
        raise DoesNotApplyError("it supports all currencies")
    other = next(code for code in ("INR", "EUR", "JPY", *EXPONENTS) if code not in declared)
    amount = Money(case.amount().minor, other)
    charge = await charged(case, case.processor(), case.stage(), asked=case.request(amount))
    require(not isinstance(charge.ending, Approved), f"it approved {amount}")


@rule(
    "processor.returns_the_requested_operation",
    why="the approval of one payment is recorded for another: unpaid goods are delivered",
    remedy="store nothing between calls; use context.operation_id",
)
async def returns_the_requested_operation(case: ProcessorCase) -> None:
    """Returns the outcome of the requested operation, not of another one."""
    processor, stage = case.processor(), case.stage()
    for ordinal in (1, 2):
        _, yes = await approved(case, processor, stage, ordinal=ordinal)
        is_requested = yes.operation_id in {None, operation(ordinal)}
        require(is_requested, f"{operation(ordinal)} got the outcome of {yes.operation_id}")


@rule(
    "processor.gives_unique_references",
    why="two payments with the same reference cannot be refunded or settled separately",
    remedy="use the processor's own reference, or one made from context.operation_id",
)
async def gives_unique_references(case: ProcessorCase) -> None:
    """Gives each charge its own printable reference."""
    processor, stage = case.processor(), case.stage()
    _, first = await approved(case, processor, stage, ordinal=1)
    _, second = await approved(case, processor, stage, ordinal=2)
    for yes in (first, second):
        is_usable = isinstance(yes.reference, str) and yes.reference.isprintable()
        require(is_usable and yes.reference, f"the reference is {yes.reference!r}")
    differ = first.reference != second.reference
    require(differ, f"two charges were both called {first.reference!r}")


@rule(
    "processor.resolves_pending_outcomes",
    why="a pending payment that cannot be queried stays pending forever",
    remedy="implement query or callbacks, or return a definite outcome",
)
async def resolves_pending_outcomes(case: ProcessorCase) -> None:
    """Returns a pending outcome only if it supports queries or callbacks."""
    processor = case.processor()
    charge = await charged(case, processor, case.stage())
    is_open = isinstance(charge.first.answer, Pending | ActionRequired | Unknown)
    can_close = isinstance(processor, CanQuery | CanCallback)
    require(not is_open or can_close, f"it answered {charge.first} and cannot be asked")


@rule(
    "processor.returns_valid_delays",
    why="the host does not query again after an invalid wait",
    remedy="return a timedelta from 0 to 30 days",
)
async def returns_valid_delays(case: ProcessorCase) -> None:
    """Requests waits that are timedeltas from 0 to 30 days."""
    for result in await _first_answers(case):
        if isinstance(result.answer, Pending | ActionRequired):
            wait = result.answer.resolve_after
            require(is_usable_wait(wait), f"it asked to wait {wait!r}")


@rule(
    "processor.returns_times_in_utc",
    why="a datetime without a time zone means another time on another machine",
    remedy="calculate with context.clock.now() and context.asked_at, which are in UTC",
)
async def returns_times_in_utc(case: ProcessorCase) -> None:
    """Returns datetimes in UTC, never without a time zone."""
    for result in await _first_answers(case):
        if isinstance(result.answer, Pending | ActionRequired) and result.answer.expires_at:
            at = result.answer.expires_at
            require(at.tzinfo is not None, f"it expires at the naive {at.isoformat()}")


@rule(
    "processor.actions_can_be_shown",
    why="the shopper cannot see what to do",
    remedy="use an action of ActionKind and strings in `data`",
)
async def actions_can_be_shown(case: ProcessorCase) -> None:
    """Requests only actions that a page can show."""
    asked = case.request()
    for result in await _first_answers(case):
        answer = result.answer
        if isinstance(answer, ActionRequired) and getattr(answer.expires_at, "tzinfo", None):
            shown = run_sync(
                lambda answer=answer: checked_outcome(  # type: ignore[misc]  # bound at once
                    answer, asked.amount, OperationKind.CHARGE, operation(1)
                )
            )
            require(not isinstance(shown.raised, PluginContractError), str(shown.raised))


async def _first_answers(case: ProcessorCase) -> list[Result[Outcome]]:
    processor, stage = case.processor(), case.stage()
    samples = ["approved", *(["declined"] if case.declined is not None else [])]
    contexts = [stage.call(operation(n)) for n, _ in enumerate(samples)]
    asked = [case.request(sample=sample) for sample in samples]
    return [
        await run_async(partial(processor.authorize, *each))
        for each in zip(asked, contexts, strict=True)
    ]


async def _declined(case: ProcessorCase) -> Charge:
    asked = case.request(sample="declined")
    return await charged(case, case.processor(), case.stage(), asked=asked)


async def _approves_exactly(
    case: ProcessorCase, amount: Money, ordinal: int, **given: object
) -> None:
    processor = given.get("processor") or case.processor()
    stage = given.get("stage") or case.stage()
    asked = case.request(amount)
    _, yes = await approved(case, processor, stage, asked=asked, ordinal=ordinal)  # type: ignore[arg-type]  # as given above
    require(yes.amount == amount, f"asked for {amount}, it approved {yes.amount}")
