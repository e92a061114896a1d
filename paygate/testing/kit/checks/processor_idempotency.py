"""One operation id is one charge."""

from __future__ import annotations

import asyncio

from ....core.outcome import Approved, Outcome
from ....core.payments.operation import OperationKind
from ....core.plugin_api.processor import CanQuery
from ..calls import Said, said
from ..cases import ProcessorCase, operation
from ..rules import DoesNotApplyError, NotJudgedError, require, rule
from ..scenes import approved, charged, decided
from ..stage import Stage


@rule(
    "processor.same_id_twice",
    why="the host asks again when an answer was lost; the payer pays twice",
    remedy="hand context.operation_id to the processor as its idempotency key",
)
async def same_id_twice(case: ProcessorCase) -> None:
    """Asked twice with one operation id, it answers the same."""
    _declares_it(case)
    processor, stage = case.processor(), case.stage()
    one, other = [await _ending(case, processor, stage) for _ in range(2)]
    _require_same(one, other)


@rule(
    "processor.same_id_at_once",
    why="two workers may ask at the same moment, when the first was thought to be dead",
    remedy="leave it to the processor's idempotency key to keep them apart; keep no flags",
)
async def same_id_at_once(case: ProcessorCase) -> None:
    """Asked ten times at once with one operation id, it answers the same."""
    _declares_it(case)
    processor = case.processor()
    stages = [case.stage() for _ in range(10)]
    endings = await asyncio.gather(*(_ending(case, processor, stage) for stage in stages))
    for other in endings[1:]:
        _require_same(endings[0], other)


@rule(
    "processor.same_id_after_restart",
    why="what is known only to one process is gone with it",
    remedy="keep nothing in memory; answer from the operation id, the state and the processor",
)
async def same_id_after_restart(case: ProcessorCase) -> None:
    """Asked again by another process, it answers the same."""
    _declares_it(case)
    one = await _ending(case, case.processor(), case.stage())
    other = await _ending(case, case.processor(), case.stage())
    _require_same(one, other)


@rule(
    "processor.sends_the_operation_id",
    why="a processor that is not told which operation it is cannot know a copy",
    remedy="put context.operation_id into every request that moves money",
)
async def sends_the_operation_id(case: ProcessorCase) -> None:
    """Names the operation in everything that leaves for it."""
    stage = case.stage()
    charge = await charged(case, case.processor(), stage)
    if not stage.line.sent:
        raise DoesNotApplyError("nothing left through context.http")
    nameless = [sent.url for sent in stage.line.sent if not sent.holds(charge.operation_id)]
    require(not nameless, f"nothing names {charge.operation_id} in what went to {nameless}")


@rule(
    "processor.same_request_leaves",
    why="processors refuse, or charge again, an idempotency key that comes with other contents",
    remedy="make the body of the request, the operation id and nothing else",
)
async def same_request_leaves(case: ProcessorCase) -> None:
    """Sends the very same bytes when it is asked again with the same operation id."""
    bodies = []
    for _ in range(2):
        processor, stage = case.processor(), case.stage()
        await said(lambda p=processor, s=stage: p.authorize(case.request(), s.call(operation(1))))  # type: ignore[misc]  # bound at once
        bodies.append([(sent.url, sent.body) for sent in stage.line.sent])
    if not bodies[0]:
        raise DoesNotApplyError("nothing left through context.http")
    require(bodies[0] == bodies[1], "the second request differed from the first")


@rule(
    "processor.query_keeps_the_ending",
    why="a success that turns into a failure when it is asked about again is a lost sale",
    remedy="answer a query about what is decided with what was decided",
)
async def query_keeps_the_ending(case: ProcessorCase) -> None:
    """Says the same of a decided charge however often it is asked, also after a restart."""
    processor, stage = case.processor(), case.stage()
    if not isinstance(processor, CanQuery):
        raise DoesNotApplyError("it cannot be asked")
    charge, yes = await approved(case, processor, stage)
    state = getattr(charge.first.answer, "state", None)
    if charge.first is charge.last or state is None:
        # Decided at once: the host has nothing to ask about, and keeps nothing for it.
        state = None
    about = case.follow_up(charge.asked, charge.operation_id, yes.reference)
    for asked in (processor, case.processor()):
        assert isinstance(asked, CanQuery)
        query, context = asked.query, stage.call(charge.operation_id, state=state)
        heard = await said(lambda q=query, c=context: q(OperationKind.CHARGE, about, c))  # type: ignore[misc]  # bound at once
        if heard.raised is None:
            last = await decided(asked, stage, OperationKind.CHARGE, about, heard)
            require(last.answer == yes, f"it was {yes}, then a query said {last}")


def _declares_it(case: ProcessorCase) -> None:
    if not case.processor().capabilities.idempotent_operations:
        raise DoesNotApplyError("it does not declare idempotent_operations; it is asked once")


async def _ending(case: ProcessorCase, processor: object, stage: Stage) -> Said[Outcome]:
    charge = await charged(case, processor, stage)  # type: ignore[arg-type]  # the case's own
    return charge.last


def _require_same(one: Said[Outcome], other: Said[Outcome]) -> None:
    if not isinstance(one.answer, Approved):
        raise NotJudgedError(f"see processor.approves; the charge ended with {one}")
    require(one.answer == other.answer, f"first {one}, then {other}")
