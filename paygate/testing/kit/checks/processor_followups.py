"""Captures, voids and refunds work as declared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from itertools import product

from ....core.errors import NotSentError
from ....core.money import Money
from ....core.outcome import Approved, Declined, Outcome
from ....core.payments.operation import OperationKind
from ....core.plugin_api.processor import CanQuery
from ..calls import Result, run_async
from ..cases import ProcessorCase, operation, through_json
from ..operations import approved, doing, followed_up
from ..rules import DoesNotApplyError, require, rule
from .processor_sending import LOST

REFUND, CAPTURE, VOID = OperationKind.REFUND, OperationKind.CAPTURE, OperationKind.VOID


@rule(
    "processor.refunds_whole_charges",
    why="a promised refund that fails leads to a dispute",
    remedy="refund request.amount, or declare refund='none'",
)
async def refunds_whole_charges(case: ProcessorCase) -> None:
    """Refunds a whole charge, with the exact amount."""
    await _does(case, REFUND)


@rule(
    "processor.captures_whole_authorizations",
    why="an authorization that cannot be captured is a lost sale",
    remedy="capture request.amount, or declare capture='none'",
)
async def captures_whole_authorizations(case: ProcessorCase) -> None:
    """Captures a whole authorization, with the exact amount."""
    await _does(case, CAPTURE)


@rule(
    "processor.voids_whole_authorizations",
    why="the shopper's money stays blocked for a week",
    remedy="void the authorization, or declare void=False",
)
async def voids_whole_authorizations(case: ProcessorCase) -> None:
    """Voids a whole authorization, with the exact amount."""
    await _does(case, VOID)


@rule(
    "processor.refunds_in_parts_as_declared",
    why="the host sends partial refunds if `refund` is partial or multiple",
    remedy="refund request.amount, not the charge's amount, or declare refund='full'",
)
async def refunds_in_parts_as_declared(case: ProcessorCase) -> None:
    """Makes a partial refund if its grade is partial, and several if it is multiple."""
    await _does_in_parts(case, REFUND, case.processor().capabilities.refund)


@rule(
    "processor.captures_in_parts_as_declared",
    why="the host sends partial captures if `capture` is partial or multiple",
    remedy="capture request.amount, not the authorized amount, or declare capture='full'",
)
async def captures_in_parts_as_declared(case: ProcessorCase) -> None:
    """Makes a partial capture if its grade is partial, and several if it is multiple."""
    await _does_in_parts(case, CAPTURE, case.processor().capabilities.capture)


@rule(
    "processor.repeats_follow_ups_idempotently",
    why="a refund that is repeated after a lost response is made twice",
    remedy="use context.operation_id, the operation's own id, as the idempotency key",
)
async def repeats_follow_ups_idempotently(case: ProcessorCase) -> None:
    """Returns the same outcome if one refund, capture or void is requested twice."""
    if not case.processor().capabilities.idempotent_operations:
        raise DoesNotApplyError("it does not declare idempotent_operations")
    for ordinal, kind in enumerate(_declared(case), 2):
        one = await followed_up(case, case.processor(), case.stage(), kind, ordinal=ordinal)
        other = await followed_up(case, case.processor(), case.stage(), kind, ordinal=ordinal)
        require(one.answer == other.answer, f"{kind.value}: first {one}, then {other}")


@rule(
    "processor.gives_follow_ups_references",
    why="two refunds with the same reference cannot be separated in a settlement",
    remedy="return the processor's own reference for each operation",
)
async def gives_follow_ups_references(case: ProcessorCase) -> None:
    """Gives each refund, capture and void another reference than the charge."""
    for ordinal, kind in enumerate(_declared(case), 2):
        processor, stage = case.processor(), case.stage()
        is_held = kind is not REFUND
        asked = case.request(capture=not is_held)
        on = await approved(case, processor, stage, asked=asked, ordinal=ordinal + 50)
        result = await followed_up(case, processor, stage, kind, ordinal=ordinal, on=on)
        if isinstance(result.answer, Approved):
            both = (on[1].reference, result.answer.reference)
            require(both[0] != both[1], f"charge and {kind.value} are both called {both[0]!r}")


@rule(
    "processor.follow_ups_not_sent_only_before_sending",
    why="the host repeats a follow-up that was not sent: a refund would be made twice",
    remedy="in capture, void and refund too, raise NotSentError only before the request, or for "
    "HttpError `refused_address` or `invalid_url`; else return Unknown",
)
async def follow_ups_not_sent_only_before_sending(case: ProcessorCase) -> None:
    """Raises NotSentError from a refund, capture or void only if certainly nothing was sent."""
    async for what, result in _unanswered(case):
        is_wrong = isinstance(result.raised, NotSentError)
        require(not is_wrong, f"after {what} it raised {result}, although a request was sent")


@rule(
    "processor.decides_no_follow_up_without_a_response",
    why="a refund that was made is shown as failed, and is made again",
    remedy="return Unknown, or do not catch HttpError; the host queries the outcome",
)
async def decides_no_follow_up_without_a_response(case: ProcessorCase) -> None:
    """Returns no definite outcome of a refund, capture or void if there was no response."""
    async for what, result in _unanswered(case):
        is_made_up = isinstance(result.answer, Approved | Declined)
        require(not is_made_up, f"after {what} it answered {result}")


@rule(
    "processor.decides_nothing_by_an_unanswered_query",
    why="a payment that succeeded is shown as failed, or is sent again and charged twice",
    remedy="return Unknown if a query has no response, or do not catch HttpError; Declined and "
    "NotSentError are for what the processor itself says",
)
async def decides_nothing_by_an_unanswered_query(case: ProcessorCase) -> None:
    """Leaves an operation undecided if a query for it has no response."""
    if not isinstance(case.processor(), CanQuery):
        raise DoesNotApplyError("it does not support queries")
    async for what, result in _unanswered(case, queries=True):
        is_decided = isinstance(result.answer, Approved | Declined)
        is_decided = is_decided or isinstance(result.raised, NotSentError)
        require(not is_decided, f"after {what} of a query it answered {result}")


async def _unanswered(
    case: ProcessorCase, *, queries: bool = False
) -> AsyncIterator[tuple[str, Result[Outcome]]]:
    """Yield each lost response, and what the processor made of it.

    Args:
        case: The processor.
        queries: Whether the operations were sent before, and the queries for them are lost.

    Raises:
        DoesNotApplyError: It sends no requests.
    """
    kinds = [OperationKind.CHARGE] if queries else _declared(case)
    is_sent = False
    # Other numbers than of another kind: the author's network may remember its operations.
    for (number, kind), (what, network) in product(enumerate(kinds, 2), LOST.items()):
        processor, stage = case.processor(), case.stage()
        asked = case.request(capture=kind not in {CAPTURE, VOID})
        charge, yes = await approved(case, processor, stage, asked=asked, ordinal=number + 50)
        about = case.follow_up(charge.asked, charge.operation_id, yes.reference)
        stage.line.network, before = network, len(stage.line.sent)
        call: Callable[[], Awaitable[Outcome]]
        if queries:
            assert isinstance(processor, CanQuery)
            state = getattr(charge.first.answer, "state", None)
            call = partial(
                processor.query,
                kind,
                replace(about, reference=None),
                stage.call(charge.operation_id, state=through_json(state)),
            )
        else:
            call = partial(doing(processor, kind), about, stage.call(operation(number)))
        result = await run_async(call)
        if len(stage.line.sent) > before:
            is_sent = True
            yield f"{what} ({kind.value})", result
    if not is_sent:
        raise DoesNotApplyError("no request was sent through context.http")


def _declared(case: ProcessorCase) -> list[OperationKind]:
    can = case.processor().capabilities
    does = {REFUND: can.refund != "none", CAPTURE: can.capture != "none", VOID: can.void}
    kinds = [kind for kind, is_declared in does.items() if is_declared]
    if not kinds:
        raise DoesNotApplyError("it declares no captures, voids or refunds")
    return kinds


async def _does(case: ProcessorCase, kind: OperationKind) -> None:
    processor = case.processor()
    doing(processor, kind)
    result = await followed_up(case, processor, case.stage(), kind)
    _require_done(kind, case.amount(), result)


async def _does_in_parts(case: ProcessorCase, kind: OperationKind, grade: str) -> None:
    if grade not in {"partial", "multiple"}:
        raise DoesNotApplyError(f"it declares {kind.value}={grade!r}")
    processor, stage = case.processor(), case.stage()
    doing(processor, kind)
    whole = case.amount()
    part = Money(max(1, whole.minor // 3), whole.currency)
    on = await approved(case, processor, stage, asked=case.request(capture=kind is REFUND))
    references = set()
    parts = 2 if grade == "multiple" else 1
    for number in range(1, parts + 1):
        result = await followed_up(
            case,
            processor,
            stage,
            kind,
            amount=part,
            ordinal=number + 1,
            on=on,
            # The final capture releases the rest.
            is_final=number == parts,
        )
        _require_done(kind, part, result)
        references.add(getattr(result.answer, "reference", None))
    require(len(references) == parts, f"{parts} parts were called {references}")


def _require_done(kind: OperationKind, amount: Money, result: Result[Outcome]) -> None:
    is_done = isinstance(result.answer, Approved) and result.answer.amount == amount
    require(is_done, f"asked for a {kind.value} of {amount}, it ended with {result}")
