"""A processor blocks neither the host nor other calls."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from ....core.plugin_api.processor import AuthorizeRequest, Processor
from ..calls import run_async, stopped
from ..cases import ProcessorCase, operation
from ..operations import everything
from ..rules import require, rule
from ..stage import Stage, hangs
from ..world import watching

DEADLINE = timedelta(milliseconds=400)
SLACK_S = 1.0
STEP_S_MAX = 0.2
"""Far more than any call needs, far less than another call would notice."""
TRIES = 3


@rule(
    "processor.keeps_its_deadline",
    why="the host stops waiting after context.deadline: the outcome is Unknown",
    remedy="never sleep; return Pending with resolve_after, and the host queries it later",
)
async def keeps_its_deadline(case: ProcessorCase) -> None:
    """Returns within its deadline, also if a request hangs."""
    for network in (case.network, hangs):
        stage, asked, processor = case.stage(network), case.request(), case.processor()
        context = stage.call(operation(1), deadline=DEADLINE)
        within_s = DEADLINE.total_seconds() + SLACK_S
        result = await run_async(partial(processor.authorize, asked, context), within_s=within_s)
        sent_more = any(sent.timeout > DEADLINE for sent in stage.line.sent)
        # passes_the_deadline_on checks the timeouts of its requests.
        require(result.is_over or sent_more, f"no answer within {within_s:g} s of {DEADLINE}")


@rule(
    "processor.does_not_block_the_loop",
    why="all payments of this process are blocked meanwhile",
    remedy="use await; run long calculations with asyncio.to_thread",
)
async def does_not_block_the_loop(case: ProcessorCase) -> None:
    """Never blocks the event loop with a sleep or a long calculation."""
    with watching() as watch:
        await everything(case, case.processor(), case.stage())
    slept = watch.of("sleep")
    require(not slept, f"it called {', '.join(map(str, slept))}")
    # A busy machine may delay one attempt; a plugin delays all of them.
    longest_s = min([await _longest_step_s(case) for _ in range(TRIES)])
    require(longest_s < STEP_S_MAX, f"one step took {longest_s:.2f} s")


@rule(
    "processor.stops_when_cancelled",
    why="a worker that shuts down waits for it, and is killed during other work",
    remedy="do not catch CancelledError; clean up in `finally`, and quickly",
)
async def stops_when_cancelled(case: ProcessorCase) -> None:
    """Ends at once when it is cancelled, and works as before afterwards."""
    processor, asked = case.processor(), case.request()
    is_stopped = await _cancelled(processor, asked, case.stage(hangs))
    require(is_stopped, "a second after it was cancelled it was still running")
    context = case.stage().call(operation(2))
    after = await run_async(lambda: processor.authorize(asked, context))
    fresh = await run_async(
        lambda: case.processor().authorize(asked, case.stage().call(operation(2)))
    )
    is_as_before = after.answer == fresh.answer
    require(is_as_before, f"after a cancellation it answered {after}, a fresh one {fresh}")


async def _cancelled(processor: Processor, asked: AuthorizeRequest, stage: Stage) -> bool:
    task = asyncio.ensure_future(processor.authorize(asked, stage.call(operation(1))))
    await asyncio.sleep(0.05)
    return await stopped(task)


async def _longest_step_s(case: ProcessorCase) -> float:
    result = await everything(case, case.processor(), case.stage())
    return max(each.longest_step_s for each in result)
