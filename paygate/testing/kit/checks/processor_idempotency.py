"""One operation id is one charge."""

from __future__ import annotations

import asyncio

from ....core.outcome import Approved, Outcome
from ....core.payments.operation import OperationKind
from ....core.plugin_api.processor import CanQuery
from ..calls import Result, run_async
from ..cases import ProcessorCase, operation
from ..operations import approved, charged, decided
from ..rules import DoesNotApplyError, NotJudgedError, require, rule
from ..stage import Stage


@rule(
    "processor.repeats_an_id_with_the_same_outcome",
    why="the host repeats a call after a lost response; the payer would pay twice",
    remedy="pass context.operation_id to the processor as its idempotency key",
)
async def repeats_an_id_with_the_same_outcome(case: ProcessorCase) -> None:
    """Returns the same outcome for two calls with one operation id."""
    _declares_it(case)
    processor, stage = case.processor(), case.stage()
    one, other = [await _ending(case, processor, stage) for _ in range(2)]
    _require_same(one, other)


@rule(
    "processor.handles_concurrent_calls_with_one_id",
    why="two workers may call at the same time, if the first one seems to be dead",
    remedy="rely on the processor's idempotency key; keep no flags",
)
async def handles_concurrent_calls_with_one_id(case: ProcessorCase) -> None:
    """Returns the same outcome for ten simultaneous calls with one operation id."""
    _declares_it(case)
    processor = case.processor()
    stages = [case.stage() for _ in range(10)]
    endings = await asyncio.gather(*(_ending(case, processor, stage) for stage in stages))
    for other in endings[1:]:
        _require_same(endings[0], other)


@rule(
    "processor.repeats_an_id_after_a_restart",
    why="data in the memory of one process is lost with it",
    remedy="keep nothing in memory; use the operation id, the state and the processor",
)
async def repeats_an_id_after_a_restart(case: ProcessorCase) -> None:
    """Returns the same outcome when another process repeats the call."""
    _declares_it(case)
    one = await _ending(case, case.processor(), case.stage())
    other = await _ending(case, case.processor(), case.stage())
    _require_same(one, other)


@rule(
    "processor.sends_the_operation_id",
    why="a processor that does not get the operation id cannot detect a duplicate",
    remedy="add context.operation_id to every request that moves money",
)
async def sends_the_operation_id(case: ProcessorCase) -> None:
    """Sends the operation id in every request that moves money."""
    stage = case.stage()
    charge = await charged(case, case.processor(), stage)
    if not stage.line.sent:
        raise DoesNotApplyError("no request was sent through context.http")
    moving = [sent for sent in stage.line.sent if sent.moves_money]
    nameless = [sent.url for sent in moving if not sent.holds(charge.operation_id)]
    require(not nameless, f"nothing names {charge.operation_id} in what went to {nameless}")


@rule(
    "processor.marks_requests_that_move_money",
    why="the other rules cannot protect a charge that they do not see",
    remedy="pass moves_money=True to context.http.request for a charge, and never for a GET",
)
async def marks_requests_that_move_money(case: ProcessorCase) -> None:
    """Marks a charge as a request that moves money, and no GET."""
    stage = case.stage()
    charge = await charged(case, case.processor(), stage)
    if not stage.line.sent:
        raise DoesNotApplyError("no request was sent through context.http")
    reads = [sent.url for sent in stage.line.sent if sent.moves_money and sent.method == "GET"]
    require(not reads, f"a GET moves no money, and these are marked: {reads}")
    is_marked = any(sent.moves_money for sent in stage.line.sent)
    is_charged = isinstance(charge.last.answer, Approved)
    require(is_marked or not is_charged, "it charged, and no request says moves_money=True")


@rule(
    "processor.repeats_the_same_request",
    why="processors reject, or charge again, an idempotency key with another body",
    remedy="create the request from the request object and the operation id only",
)
async def repeats_the_same_request(case: ProcessorCase) -> None:
    """Sends the same bytes if the call is repeated with the same operation id."""
    bodies = []
    for _ in range(2):
        processor, stage = case.processor(), case.stage()
        context = stage.call(operation(1))
        await run_async(lambda p=processor, c=context: p.authorize(case.request(), c))  # type: ignore[misc]  # bound at once
        bodies.append([(sent.method, sent.url, sent.body) for sent in stage.line.sent])
    if not bodies[0]:
        raise DoesNotApplyError("no request was sent through context.http")
    require(bodies[0] == bodies[1], "the second request differed from the first")


@rule(
    "processor.returns_the_same_outcome_to_queries",
    why="a success that becomes a failure after a query is a lost sale",
    remedy="return the decided outcome for every query",
)
async def returns_the_same_outcome_to_queries(case: ProcessorCase) -> None:
    """Returns the same outcome for every query of a decided charge, also after a restart."""
    processor, stage = case.processor(), case.stage()
    if not isinstance(processor, CanQuery):
        raise DoesNotApplyError("it does not support queries")
    charge, yes = await approved(case, processor, stage)
    state = getattr(charge.first.answer, "state", None)
    if charge.first is charge.last or state is None:
        # Decided at once: the host does not query it, and stores no state.
        state = None
    about = case.follow_up(charge.asked, charge.operation_id, yes.reference)
    for asked in (processor, case.processor()):
        assert isinstance(asked, CanQuery)
        query, context = asked.query, stage.call(charge.operation_id, state=state)
        result = await run_async(lambda q=query, c=context: q(OperationKind.CHARGE, about, c))  # type: ignore[misc]  # bound at once
        if result.raised is None:
            last = await decided(asked, stage, OperationKind.CHARGE, about, result)
            require(last.answer == yes, f"it was {yes}, then a query returned {last}")


def _declares_it(case: ProcessorCase) -> None:
    if not case.processor().capabilities.idempotent_operations:
        raise DoesNotApplyError("it does not declare idempotent_operations; the host calls it once")


async def _ending(case: ProcessorCase, processor: object, stage: Stage) -> Result[Outcome]:
    charge = await charged(case, processor, stage)  # type: ignore[arg-type]  # from the case
    return charge.last


def _require_same(one: Result[Outcome], other: Result[Outcome]) -> None:
    if not isinstance(one.answer, Approved):
        raise NotJudgedError(f"see processor.approves; the charge ended with {one}")
    require(one.answer == other.answer, f"first {one}, then {other}")
