"""A risk check assesses a payment before the processor is called."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import timedelta
from typing import get_args

from ....core.outcome import DeclineCode
from ....core.plugin_api.risk import Allow, Block, FailMode, RiskCheck, RiskRequest, RiskVerdict
from ....core.redaction import redact
from ....plugins.checks import check_members
from ..calls import Result, run_async, run_sync, stopped
from ..cases import RiskCase
from ..rules import require, rule
from ..sample_requests import a_sweep_of_histories, a_sweep_of_risks, risk_context
from ..stage import hangs
from ..world import watching

WITHIN = timedelta(seconds=2)
SLACK_S = 0.5
STEP_S_MAX = 0.1
REASON_CHARS_MAX = 500


@rule(
    "risk.describes_itself",
    why="the host refuses to start with a check without a name, or with an invalid `fail`",
    remedy="give it a `name`, and `fail` as 'open' or 'closed' if it needs one",
)
async def describes_itself(case: RiskCase) -> None:
    """Has the members of a RiskCheck, a name and, if set, a valid `fail`."""
    check = case.check()
    seen = run_sync(lambda: check_members(check, RiskCheck))
    require(seen.raised is None, str(seen.raised))
    require(isinstance(check.name, str) and check.name, f"its name is {check.name!r}")
    fail = getattr(check, "fail", "open")
    require(fail in get_args(FailMode), f"its `fail` is {fail!r}")


@rule(
    "risk.returns_a_verdict",
    why="True does not block a payment",
    remedy="return Allow(), Block(reason) or None",
)
async def returns_a_verdict(case: RiskCase) -> None:
    """Returns Allow, Block or None, and nothing else."""
    for result in await _sweep(case):
        if result.raised is None:
            is_verdict = result.answer is None or isinstance(result.answer, Allow | Block)
            require(is_verdict, f"it answered {result.answer!r}")


@rule(
    "risk.never_raises",
    why="after an exception `fail` decides, not the check",
    remedy="handle payments without a history, in any currency, with any method",
)
async def never_raises(case: RiskCase) -> None:
    """Returns a result for every payment, with any history."""
    for result in await _sweep(case):
        require(result.raised is None, f"it ended with {result}")


@rule(
    "risk.blocks_with_known_codes",
    why="the merchant gets the code, and the timeline shows the reason",
    remedy="use a DeclineCode, and a short printable reason",
)
async def blocks_with_known_codes(case: RiskCase) -> None:
    """Blocks with a DeclineCode and a printable reason, without card numbers."""
    for result in await _sweep(case):
        if isinstance(result.answer, Block):
            block = result.answer
            require(isinstance(block.code, DeclineCode), f"its code is {block.code!r}")
        if isinstance(result.answer, Allow | Block):
            reason = result.answer.reason
            is_text = isinstance(reason, str) and (reason == "" or reason.isprintable())
            require(is_text and len(reason) <= REASON_CHARS_MAX, f"its reason is {reason!r:.80}")
            require(redact(reason) == reason, "its reason holds a card number")


@rule(
    "risk.queries_supported_history",
    why="the query is refused, and `fail` decides",
    remedy="query at most 31 days, and `instrument`, `order` or `merchant`",
)
async def queries_supported_history(case: RiskCase) -> None:
    """Queries its history only for what is supported."""
    for request in a_sweep_of_risks():
        context = risk_context(case.stage(), request)
        await run_async(lambda r=request, c=context: case.check().assess(r, c))  # type: ignore[misc]  # bound at once
        refused = context.history.refused  # type: ignore[attr-defined]  # the kit's own
        require(not refused, f"it asked for {refused}")


@rule(
    "risk.assesses_reproducibly",
    why="after a crash another worker assesses the payment again, with another result",
    remedy="use only the request, the history and context.clock; keep no counters",
)
async def assesses_reproducibly(case: RiskCase) -> None:
    """Returns the same result for the same payment and history, also after a restart."""
    check = case.check()
    for request in a_sweep_of_risks():
        result = [await _assessed(case, request, check=check) for _ in range(3)]
        result.append(await _assessed(case, request))
        answers = [each.answer for each in result]
        require(all(each == answers[0] for each in answers), f"it answered {answers}")


@rule(
    "risk.does_not_change_arguments",
    why="the processor would get another payment than was assessed",
    remedy="copy before you change",
)
async def does_not_change_arguments(case: RiskCase) -> None:
    """Does not change the request."""
    for request in a_sweep_of_risks():
        before = deepcopy(request)
        await _assessed(case, request)
        require(request == before, "it changed the request it was handed")


@rule(
    "risk.responds_in_time",
    why="the payment waits for it; a late result counts as `fail` says",
    remedy="send requests with a timeout below context.deadline",
)
async def responds_in_time(case: RiskCase) -> None:
    """Returns within two seconds, also if a request hangs."""
    request, check = a_sweep_of_risks()[0], case.check()
    context = risk_context(case.stage(hangs), request, deadline=WITHIN)
    within_s = WITHIN.total_seconds() + SLACK_S
    result = await run_async(lambda: check.assess(request, context), within_s=within_s)
    require(result.is_over, f"no answer within {within_s:g} s")


@rule(
    "risk.does_not_block_the_loop",
    why="all payments of this process are blocked meanwhile",
    remedy="use await; run long calculations with asyncio.to_thread",
)
async def does_not_block_the_loop(case: RiskCase) -> None:
    """Never blocks the event loop with a sleep or a long calculation."""
    request = a_sweep_of_risks()[0]
    with watching() as watch:
        await _assessed(case, request)
    slept = watch.of("sleep")
    require(not slept, f"it called {', '.join(map(str, slept))}")
    longest_s = min([(await _assessed(case, request)).longest_step_s for _ in range(3)])
    require(longest_s < STEP_S_MAX, f"one step took {longest_s:.2f} s")


@rule(
    "risk.stops_when_cancelled",
    why="a worker that shuts down waits for it",
    remedy="do not catch CancelledError",
)
async def stops_when_cancelled(case: RiskCase) -> None:
    """Ends at once when it is cancelled."""
    request = a_sweep_of_risks()[0]
    context = risk_context(case.stage(hangs), request)
    task = asyncio.ensure_future(case.check().assess(request, context))
    await asyncio.sleep(0.02)
    require(await stopped(task), "a second after it was cancelled it was still running")


async def _assessed(
    case: RiskCase, request: RiskRequest, *, check: RiskCheck | None = None
) -> Result[RiskVerdict | None]:
    asked, context = check or case.check(), risk_context(case.stage(), request)
    return await run_async(lambda: asked.assess(request, context))


async def _sweep(case: RiskCase) -> list[Result[RiskVerdict | None]]:
    """Assess every payment with every history."""
    return [
        await run_async(lambda r=request, c=context: case.check().assess(r, c))  # type: ignore[misc]  # bound at once
        for counts in a_sweep_of_histories()
        for request in a_sweep_of_risks()
        for context in [risk_context(case.stage(), request, counts=counts)]
    ]
