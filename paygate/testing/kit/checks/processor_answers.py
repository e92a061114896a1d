"""What a processor answers is an answer to what it was asked."""

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
from ..calls import Said, said, tried
from ..cases import ProcessorCase, operation
from ..rules import DoesNotApplyError, require, rule
from ..scenes import Charge, approved, charged


@rule(
    "processor.answers_with_an_outcome",
    why="the host takes anything else for Unknown: the payment waits for a person",
    remedy="return one of Approved, Declined, ActionRequired, Pending and Unknown",
)
async def answers_with_an_outcome(case: ProcessorCase) -> None:
    """Answers a charge with an outcome, and with nothing else."""
    charge = await charged(case, case.processor(), case.stage())
    for heard in (charge.first, charge.last):
        require(heard.raised is None and heard.is_over, f"a charge ended with {heard}")
        is_outcome = isinstance(heard.answer, get_args(Outcome))
        require(is_outcome, f"it answered with {heard.answer!r}")
        require(not isinstance(heard.answer, Released), "only a callback says Released")


@rule(
    "processor.approves",
    why="a processor that approves nothing earns nothing",
    remedy="see what it answered; if the sample is wrong, correct `approved`",
)
async def approves(case: ProcessorCase) -> None:
    """Approves the charge that its author says is approved."""
    charge = await charged(case, case.processor(), case.stage())
    require(isinstance(charge.ending, Approved), f"`approved` ended with {charge.last}")


@rule(
    "processor.declines_as_an_answer",
    why="an exception means that nobody knows what happened; the shopper waits for a person",
    remedy="return Declined(code) where the processor says no; raise nothing",
)
async def declines_as_an_answer(case: ProcessorCase) -> None:
    """Answers a definite no with Declined, and does not raise it."""
    charge = await _declined(case)
    require(isinstance(charge.ending, Declined), f"`declined` ended with {charge.last}")


@rule(
    "processor.declines_in_our_words",
    why="shops and fail-over act on the code; one they do not know helps nobody",
    remedy="map the processor's codes to DeclineCode, keep theirs in `processor_code`",
)
async def declines_in_our_words(case: ProcessorCase) -> None:
    """Says why with a DeclineCode, and what could help with a word from the list."""
    ending = (await _declined(case)).ending
    if not isinstance(ending, Declined):
        raise DoesNotApplyError("see processor.declines_as_an_answer")
    require(isinstance(ending.code, DeclineCode), f"its code is {ending.code!r}")
    require(ending.retry in get_args(RetryAdvice), f"its advice is {ending.retry!r}")
    for name in ("processor_code", "shopper_message_key"):
        value = getattr(ending, name)
        require(value is None or isinstance(value, str), f"its {name} is {value!r}")


@rule(
    "processor.approves_what_was_asked",
    why="a hard-coded sum is money that somebody loses",
    remedy="approve request.amount, or what the processor says it took",
)
async def approves_what_was_asked(case: ProcessorCase) -> None:
    """Approves the very sum it was asked for, whatever the sum."""
    processor, stage = case.processor(), case.stage()
    for ordinal, minor in enumerate((101, 12_345, 777_700), 1):
        await _approves_exactly(case, case.amount(minor), ordinal, processor=processor, stage=stage)


@rule(
    "processor.keeps_to_its_bounds",
    why="the host sends it every sum between the bounds it declares",
    remedy="take the smallest and the largest declared sum, or declare others",
)
async def keeps_to_its_bounds(case: ProcessorCase) -> None:
    """Approves the smallest and the largest sum it declares."""
    can = case.processor().capabilities
    bounds = [each for each in (can.amount_minor_min, can.amount_minor_max) if each]
    if not bounds:
        raise DoesNotApplyError("it declares no bounds")
    for ordinal, minor in enumerate(bounds, 1):
        await _approves_exactly(case, case.amount(minor), ordinal)


@rule(
    "processor.minds_currency_exponents",
    why="a yen has no hundredth and a dinar has a thousand: the shopper pays a hundredfold",
    remedy="work in minor units; where you must not, divide by 10**exponent of that currency",
)
async def minds_currency_exponents(case: ProcessorCase) -> None:
    """Approves the asked sum in currencies of no, two and three decimals."""
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
    why="what is approved in a currency nobody asked for cannot be booked",
    remedy="decline a currency that is not in `capabilities.currencies`",
)
async def refuses_other_currencies(case: ProcessorCase) -> None:
    """Approves nothing in a currency that it does not declare."""
    declared = case.processor().capabilities.currencies
    if not declared:
        raise DoesNotApplyError("it takes all currencies")
    other = next(code for code in ("INR", "EUR", "JPY", *EXPONENTS) if code not in declared)
    amount = Money(case.amount().minor, other)
    charge = await charged(case, case.processor(), case.stage(), asked=case.request(amount))
    require(not isinstance(charge.ending, Approved), f"it approved {amount}")


@rule(
    "processor.answers_the_asked_operation",
    why="one shopper's yes on another's payment: goods leave that nobody paid for",
    remedy="keep nothing between calls; take the id from context.operation_id",
)
async def answers_the_asked_operation(case: ProcessorCase) -> None:
    """Answers for the operation it was asked about, and for no other."""
    processor, stage = case.processor(), case.stage()
    for ordinal in (1, 2):
        _, yes = await approved(case, processor, stage, ordinal=ordinal)
        is_its = yes.operation_id in {None, operation(ordinal)}
        require(is_its, f"asked about {operation(ordinal)}, it answered for {yes.operation_id}")


@rule(
    "processor.references_are_apart",
    why="two payments with one reference cannot be refunded or settled apart",
    remedy="use the processor's own reference, or one made of context.operation_id",
)
async def references_are_apart(case: ProcessorCase) -> None:
    """Gives each charge a printable reference of its own."""
    processor, stage = case.processor(), case.stage()
    _, first = await approved(case, processor, stage, ordinal=1)
    _, second = await approved(case, processor, stage, ordinal=2)
    for yes in (first, second):
        is_usable = isinstance(yes.reference, str) and yes.reference.isprintable()
        require(is_usable and yes.reference, f"the reference is {yes.reference!r}")
    differ = first.reference != second.reference
    require(differ, f"two charges were both called {first.reference!r}")


@rule(
    "processor.open_answers_are_closed",
    why="a payment that is pending and cannot be asked about stays pending for ever",
    remedy="implement query or callbacks, or answer for good",
)
async def open_answers_are_closed(case: ProcessorCase) -> None:
    """Leaves an answer open only if it can be asked, or calls back."""
    processor = case.processor()
    charge = await charged(case, processor, case.stage())
    is_open = isinstance(charge.first.answer, Pending | ActionRequired | Unknown)
    can_close = isinstance(processor, CanQuery | CanCallback)
    require(not is_open or can_close, f"it answered {charge.first} and cannot be asked")


@rule(
    "processor.waits_can_be_kept",
    why="what cannot be waited for is not asked about again",
    remedy="answer with a timedelta from 0 to 30 days",
)
async def waits_can_be_kept(case: ProcessorCase) -> None:
    """Asks for waits that are timedeltas, not negative, and of 30 days at most."""
    for heard in await _first_answers(case):
        if isinstance(heard.answer, Pending | ActionRequired):
            wait = heard.answer.resolve_after
            require(is_usable_wait(wait), f"it asked to wait {wait!r}")


@rule(
    "processor.moments_are_aware",
    why="a moment without a time zone is another moment on another machine",
    remedy="reckon from context.clock.now() and context.asked_at, which are in UTC",
)
async def moments_are_aware(case: ProcessorCase) -> None:
    """Names moments in UTC, never naive ones."""
    for heard in await _first_answers(case):
        if isinstance(heard.answer, Pending | ActionRequired) and heard.answer.expires_at:
            at = heard.answer.expires_at
            require(at.tzinfo is not None, f"it expires at the naive {at.isoformat()}")


@rule(
    "processor.actions_can_be_shown",
    why="the shopper sees nothing to act on",
    remedy="use an action of ActionKind and texts in `data`",
)
async def actions_can_be_shown(case: ProcessorCase) -> None:
    """Asks the shopper only for what a page can show."""
    asked = case.request()
    for heard in await _first_answers(case):
        answer = heard.answer
        if isinstance(answer, ActionRequired) and getattr(answer.expires_at, "tzinfo", None):
            shown = tried(
                lambda answer=answer: checked_outcome(  # type: ignore[misc]  # bound at once
                    answer, asked.amount, OperationKind.CHARGE, operation(1)
                )
            )
            require(not isinstance(shown.raised, PluginContractError), str(shown.raised))


async def _first_answers(case: ProcessorCase) -> list[Said[Outcome]]:
    processor, stage = case.processor(), case.stage()
    samples = ["approved", *(["declined"] if case.declined is not None else [])]
    contexts = [stage.call(operation(n)) for n, _ in enumerate(samples)]
    asked = [case.request(sample=sample) for sample in samples]
    return [
        await said(partial(processor.authorize, *each))
        for each in zip(asked, contexts, strict=True)
    ]


async def _declined(case: ProcessorCase) -> Charge:
    asked = case.request(sample="declined")
    return await charged(case, case.processor(), case.stage(), asked=asked)


async def _approves_exactly(
    case: ProcessorCase, amount: Money, ordinal: int, **scene: object
) -> None:
    processor = scene.get("processor") or case.processor()
    stage = scene.get("stage") or case.stage()
    asked = case.request(amount)
    _, yes = await approved(case, processor, stage, asked=asked, ordinal=ordinal)  # type: ignore[arg-type]  # as given above
    require(yes.amount == amount, f"asked for {amount}, it approved {yes.amount}")
