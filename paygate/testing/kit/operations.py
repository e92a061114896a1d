"""Run operations as the host does: call, query until decided, follow up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from ...core.money import Money
from ...core.outcome import ActionRequired, Approved, Outcome, Pending
from ...core.payments.operation import OperationKind
from ...core.plugin_api.plugin import CallContext
from ...core.plugin_api.processor import (
    AuthorizeRequest,
    CanCallback,
    CanCapture,
    CanQuery,
    CanRefund,
    CanVoid,
    FollowUp,
    Processor,
)
from .calls import Result, run_async, run_sync
from .cases import ProcessorCase, operation, through_json
from .rules import DoesNotApplyError, NotJudgedError
from .stage import Stage

ASKED_MAX = 20
FollowUpCall = Callable[[FollowUp, CallContext], Awaitable[Outcome]]


@dataclass(frozen=True)
class Charge:
    """A completed charge.

    Args:
        first: The result of the call itself.
        last: The final result.
    """

    asked: AuthorizeRequest
    operation_id: str
    first: Result[Outcome]
    last: Result[Outcome]

    @property
    def ending(self) -> Outcome | None:
        """The final outcome, if there is one."""
        return self.last.answer


async def charged(
    case: ProcessorCase,
    processor: Processor,
    stage: Stage,
    *,
    asked: AuthorizeRequest | None = None,
    ordinal: int = 1,
) -> Charge:
    """Charge a payment, and query it until the outcome is definite."""
    asked = asked or case.request()
    id = operation(ordinal)
    first = await run_async(lambda: processor.authorize(asked, stage.call(id)))
    about = case.follow_up(asked, id)
    last = await decided(processor, stage, OperationKind.CHARGE, about, first)
    return Charge(asked, id, first, last)


async def decided(
    processor: Processor,
    stage: Stage,
    kind: OperationKind,
    about: FollowUp,
    result: Result[Outcome],
) -> Result[Outcome]:
    """Query an operation until the outcome is definite, as often as a patient host."""
    for _ in range(ASKED_MAX):
        answer = result.answer
        if not isinstance(answer, Pending | ActionRequired) or not isinstance(processor, CanQuery):
            break
        wait = answer.resolve_after
        stage.clock.at += wait if isinstance(wait, timedelta) else timedelta(seconds=1)
        kept = run_sync(lambda state=answer.state: through_json(state))  # type: ignore[misc]  # bound at once
        if kept.raised is not None:
            break  # Judged by processor.returns_json_state.
        context = stage.call(about.operation_id, state=kept.answer)
        result = await run_async(partial(processor.query, kind, about, context))
    return result


async def approved(
    case: ProcessorCase,
    processor: Processor,
    stage: Stage,
    *,
    asked: AuthorizeRequest | None = None,
    ordinal: int = 1,
) -> tuple[Charge, Approved]:
    """Charge a payment that is approved.

    Raises:
        NotJudgedError: It was not approved; another rule reports that.
    """
    charge = await charged(case, processor, stage, asked=asked, ordinal=ordinal)
    if not isinstance(charge.ending, Approved):
        raise NotJudgedError(f"see processor.approves; the charge ended with {charge.last}")
    return charge, charge.ending


async def followed_up(
    case: ProcessorCase,
    processor: Processor,
    stage: Stage,
    kind: OperationKind,
    *,
    amount: Money | None = None,
    ordinal: int = 2,
    on: tuple[Charge, Approved] | None = None,
    is_final: bool = True,
) -> Result[Outcome]:
    """Approve a charge, and run a follow-up operation until its outcome is definite."""
    held = kind in {OperationKind.CAPTURE, OperationKind.VOID}
    asked = case.request(capture=not held)
    charge, yes = on or await approved(case, processor, stage, asked=asked, ordinal=ordinal + 50)
    about = case.follow_up(charge.asked, charge.operation_id, yes.reference)
    about = replace(about, amount=amount or charge.asked.amount, is_final=is_final)
    id = operation(ordinal)
    does = doing(processor, kind)
    result = await run_async(lambda: does(about, stage.call(id)))
    return await decided(processor, stage, kind, replace(about, operation_id=id), result)


def doing(processor: Processor, kind: OperationKind) -> FollowUpCall:
    """Return the processor's method for a kind of operation.

    Raises:
        DoesNotApplyError: It has no such method.
    """
    match kind, processor:
        case (OperationKind.CAPTURE, CanCapture()):
            return processor.capture
        case (OperationKind.VOID, CanVoid()):
            return processor.void
        case (OperationKind.REFUND, CanRefund()):
            return processor.refund
    raise DoesNotApplyError(f"it does not {kind.value}")


def taking_callbacks(processor: Processor) -> CanCallback:
    """Return the processor if it supports callbacks.

    Raises:
        DoesNotApplyError: It does not.
    """
    if not isinstance(processor, CanCallback):
        raise DoesNotApplyError("it does not support callbacks")
    return processor


async def everything(
    case: ProcessorCase, processor: Processor, stage: Stage
) -> list[Result[object]]:
    """Use every function of a processor once; return all results."""
    result: list[Result[object]] = []
    charge = await charged(case, processor, stage)
    result += [charge.first, charge.last]  # type: ignore[list-item]  # an Outcome is an object
    if case.declined is not None:
        no = await charged(case, processor, stage, asked=case.request(sample="declined"), ordinal=3)
        result += [no.first, no.last]  # type: ignore[list-item]  # the same
    if isinstance(charge.ending, Approved):
        for ordinal, kind in enumerate(OperationKind, 10):
            try:
                result.append(
                    await followed_up(case, processor, stage, kind, ordinal=ordinal)  # type: ignore[arg-type]  # the same
                )
            except (DoesNotApplyError, NotJudgedError):
                continue
    return [*result, *_called_back(case, processor)]


def _called_back(case: ProcessorCase, processor: Processor) -> list[Result[object]]:
    try:
        takes, raw = taking_callbacks(processor), case.called_back(operation(1), case.amount())
    except (DoesNotApplyError, NotJudgedError):
        return []
    split, verified = run_sync(lambda: takes.split(raw)), run_sync(lambda: takes.verify(raw))
    answered = run_sync(lambda: takes.acknowledge(accepted=True))
    result: list[Result[object]] = [split, verified, answered]  # type: ignore[list-item]  # the same
    if verified.answer is not None:
        content = verified.answer
        result.append(run_sync(lambda: takes.translate(content)))
    return result
