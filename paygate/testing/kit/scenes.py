"""What happens to an operation: asked, asked about until it is decided, and followed up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from ...core.errors import NotSentError
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
from .calls import Said, said, tried
from .cases import ProcessorCase, operation, through_json
from .rules import DoesNotApplyError, NotJudgedError
from .stage import Stage

ASKED_MAX = 20
FollowUpCall = Callable[[FollowUp, CallContext], Awaitable[Outcome]]


@dataclass(frozen=True)
class Charge:
    """A charge that came to its end.

    Args:
        first: What the call itself gave.
        last: What it ended with.
    """

    asked: AuthorizeRequest
    operation_id: str
    first: Said[Outcome]
    last: Said[Outcome]

    @property
    def ending(self) -> Outcome | None:
        """What it ended with, if with an answer."""
        return self.last.answer


async def charged(
    case: ProcessorCase,
    processor: Processor,
    stage: Stage,
    *,
    asked: AuthorizeRequest | None = None,
    ordinal: int = 1,
) -> Charge:
    """Ask for the money, and ask what became of it until that is known."""
    asked = asked or case.request()
    id = operation(ordinal)
    first = await said(lambda: processor.authorize(asked, stage.call(id)))
    about = case.follow_up(asked, id)
    last = await decided(processor, stage, OperationKind.CHARGE, about, first)
    return Charge(asked, id, first, last)


async def decided(
    processor: Processor,
    stage: Stage,
    kind: OperationKind,
    about: FollowUp,
    heard: Said[Outcome],
) -> Said[Outcome]:
    """Ask about it until it is known, as often as a patient host."""
    for _ in range(ASKED_MAX):
        answer = heard.answer
        if not isinstance(answer, Pending | ActionRequired) or not isinstance(processor, CanQuery):
            break
        wait = answer.resolve_after
        stage.clock.at += wait if isinstance(wait, timedelta) else timedelta(seconds=1)
        kept = tried(lambda state=answer.state: through_json(state))  # type: ignore[misc]  # bound at once
        if kept.raised is not None:
            break  # Judged by processor.state_is_json.
        context = stage.call(about.operation_id, state=kept.answer)
        heard = await said(partial(processor.query, kind, about, context))
    return heard


async def approved(
    case: ProcessorCase,
    processor: Processor,
    stage: Stage,
    *,
    asked: AuthorizeRequest | None = None,
    ordinal: int = 1,
) -> tuple[Charge, Approved]:
    """An approved charge.

    Raises:
        NotJudgedError: It was not; another rule says so.
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
) -> Said[Outcome]:
    """Approve a charge, and follow it up until that is decided too."""
    held = kind in {OperationKind.CAPTURE, OperationKind.VOID}
    asked = case.request(capture=not held)
    charge, yes = on or await approved(case, processor, stage, asked=asked, ordinal=ordinal + 50)
    about = case.follow_up(charge.asked, charge.operation_id, yes.reference)
    about = replace(about, amount=amount or charge.asked.amount)
    id = operation(ordinal)
    does = doing(processor, kind)
    heard = await said(lambda: does(about, stage.call(id)))
    return await decided(processor, stage, kind, replace(about, operation_id=id), heard)


def doing(processor: Processor, kind: OperationKind) -> FollowUpCall:
    """The processor's method for that kind.

    Raises:
        DoesNotApplyError: It has none.
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
    """The processor, if it takes callbacks.

    Raises:
        DoesNotApplyError: It does not.
    """
    if not isinstance(processor, CanCallback):
        raise DoesNotApplyError("it takes no callbacks")
    return processor


async def everything(case: ProcessorCase, processor: Processor, stage: Stage) -> list[Said[object]]:
    """Make it do everything it can once; what comes of it is for the caller to judge."""
    heard: list[Said[object]] = []
    charge = await charged(case, processor, stage)
    heard += [charge.first, charge.last]  # type: ignore[list-item]  # an Outcome is an object
    if case.declined is not None:
        no = await charged(case, processor, stage, asked=case.request(sample="declined"), ordinal=3)
        heard += [no.first, no.last]  # type: ignore[list-item]  # the same
    if isinstance(charge.ending, Approved):
        for ordinal, kind in enumerate(OperationKind, 10):
            try:
                heard.append(
                    await followed_up(case, processor, stage, kind, ordinal=ordinal)  # type: ignore[arg-type]  # the same
                )
            except (DoesNotApplyError, NotJudgedError):
                continue
    return [*heard, *_called_back(case, processor)]


def _called_back(case: ProcessorCase, processor: Processor) -> list[Said[object]]:
    try:
        takes, raw = taking_callbacks(processor), case.called_back(operation(1), case.amount())
    except (DoesNotApplyError, NotJudgedError):
        return []
    split, verified = tried(lambda: takes.split(raw)), tried(lambda: takes.verify(raw))
    heard: list[Said[object]] = [split, verified, tried(lambda: takes.acknowledge(accepted=True))]  # type: ignore[list-item]  # the same
    if verified.answer is not None:
        content = verified.answer
        heard.append(tried(lambda: takes.translate(content)))
    return heard


def said_not_sent(heard: Said[Outcome]) -> bool:
    """Whether it said that nothing ever left."""
    return isinstance(heard.raised, NotSentError)
