"""Captures, voids and refunds are done as declared."""

from __future__ import annotations

from ....core.money import Money
from ....core.outcome import Approved, Outcome
from ....core.payments.operation import OperationKind
from ..calls import Said
from ..cases import ProcessorCase
from ..rules import DoesNotApplyError, require, rule
from ..scenes import approved, doing, followed_up

REFUND, CAPTURE, VOID = OperationKind.REFUND, OperationKind.CAPTURE, OperationKind.VOID


@rule(
    "processor.refunds_what_it_declares",
    why="a refund that was promised and never comes costs a dispute",
    remedy="give request.amount back, or declare refund='none'",
)
async def refunds_what_it_declares(case: ProcessorCase) -> None:
    """Gives a whole charge back, for the very sum."""
    await _does(case, REFUND)


@rule(
    "processor.captures_what_it_declares",
    why="held money that cannot be taken is a sale that is lost",
    remedy="take request.amount, or declare capture='none'",
)
async def captures_what_it_declares(case: ProcessorCase) -> None:
    """Takes a whole hold, for the very sum."""
    await _does(case, CAPTURE)


@rule(
    "processor.voids_what_it_declares",
    why="the shopper's money stays held for a week",
    remedy="let go of the hold, or declare void=False",
)
async def voids_what_it_declares(case: ProcessorCase) -> None:
    """Lets go of a whole hold, for the very sum."""
    await _does(case, VOID)


@rule(
    "processor.refunds_in_parts_as_graded",
    why="the host offers a part where `refund` is partial or multiple",
    remedy="give back request.amount, not the charge's sum, or declare refund='full'",
)
async def refunds_in_parts_as_graded(case: ProcessorCase) -> None:
    """Gives a part back where it grades itself so, and several where it says multiple."""
    await _does_in_parts(case, REFUND, case.processor().capabilities.refund)


@rule(
    "processor.captures_in_parts_as_graded",
    why="the host offers a part where `capture` is partial or multiple",
    remedy="take request.amount, not the hold's sum, or declare capture='full'",
)
async def captures_in_parts_as_graded(case: ProcessorCase) -> None:
    """Takes a part where it grades itself so, and several where it says multiple."""
    await _does_in_parts(case, CAPTURE, case.processor().capabilities.capture)


@rule(
    "processor.follow_ups_act_once",
    why="a refund that is asked for again when its answer was lost is given twice",
    remedy="use context.operation_id, the follow-up's own id, as the idempotency key",
)
async def follow_ups_act_once(case: ProcessorCase) -> None:
    """Asked twice for one refund, capture or void, it answers the same."""
    if not case.processor().capabilities.idempotent_operations:
        raise DoesNotApplyError("it does not declare idempotent_operations")
    for kind in _declared(case):
        one = await followed_up(case, case.processor(), case.stage(), kind)
        other = await followed_up(case, case.processor(), case.stage(), kind)
        require(one.answer == other.answer, f"{kind.value}: first {one}, then {other}")


@rule(
    "processor.follow_ups_have_references",
    why="two refunds under one name cannot be told apart in a settlement",
    remedy="give each follow-up the processor's own reference for it",
)
async def follow_ups_have_references(case: ProcessorCase) -> None:
    """Calls each refund, capture and void something else than the charge."""
    for kind in _declared(case):
        processor, stage = case.processor(), case.stage()
        is_held = kind is not REFUND
        asked = case.request(capture=not is_held)
        on = await approved(case, processor, stage, asked=asked)
        heard = await followed_up(case, processor, stage, kind, on=on)
        if isinstance(heard.answer, Approved):
            both = (on[1].reference, heard.answer.reference)
            require(both[0] != both[1], f"charge and {kind.value} are both called {both[0]!r}")


def _declared(case: ProcessorCase) -> list[OperationKind]:
    can = case.processor().capabilities
    does = {REFUND: can.refund != "none", CAPTURE: can.capture != "none", VOID: can.void}
    kinds = [kind for kind, is_declared in does.items() if is_declared]
    if not kinds:
        raise DoesNotApplyError("it declares no follow-up")
    return kinds


async def _does(case: ProcessorCase, kind: OperationKind) -> None:
    processor = case.processor()
    doing(processor, kind)
    heard = await followed_up(case, processor, case.stage(), kind)
    _require_done(kind, case.amount(), heard)


async def _does_in_parts(case: ProcessorCase, kind: OperationKind, grade: str) -> None:
    if grade not in {"partial", "multiple"}:
        raise DoesNotApplyError(f"it declares {kind.value}={grade!r}")
    processor, stage = case.processor(), case.stage()
    doing(processor, kind)
    whole = case.amount()
    part = Money(max(1, whole.minor // 3), whole.currency)
    on = await approved(case, processor, stage, asked=case.request(capture=kind is REFUND))
    references = set()
    for ordinal in range(2, 4 if grade == "multiple" else 3):
        heard = await followed_up(case, processor, stage, kind, amount=part, ordinal=ordinal, on=on)
        _require_done(kind, part, heard)
        references.add(getattr(heard.answer, "reference", None))
    parts = 2 if grade == "multiple" else 1
    require(len(references) == parts, f"{parts} parts were called {references}")


def _require_done(kind: OperationKind, amount: Money, heard: Said[Outcome]) -> None:
    is_done = isinstance(heard.answer, Approved) and heard.answer.amount == amount
    require(is_done, f"asked for a {kind.value} of {amount}, it ended with {heard}")
