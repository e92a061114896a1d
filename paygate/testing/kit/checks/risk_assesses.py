"""A risk check looks at a payment before anybody is asked for the money."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import timedelta
from typing import get_args

from ....core.outcome import DeclineCode
from ....core.plugin_api.risk import Allow, Block, FailMode, RiskCheck, RiskRequest, RiskVerdict
from ....core.redaction import redact
from ....plugins.checks import check_members
from ..calls import Said, said, stopped, tried
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
    why="the host refuses at start-up what has no name, or does not say how it fails",
    remedy="give it a `name`, and `fail` as 'open' or 'closed' if it needs one",
)
async def describes_itself(case: RiskCase) -> None:
    """Has the members of a RiskCheck, a name and, if any, a way to fail."""
    check = case.check()
    seen = tried(lambda: check_members(check, RiskCheck))
    require(seen.raised is None, str(seen.raised))
    require(isinstance(check.name, str) and check.name, f"its name is {check.name!r}")
    fail = getattr(check, "fail", "open")
    require(fail in get_args(FailMode), f"its `fail` is {fail!r}")


@rule(
    "risk.answers_with_a_verdict",
    why="a True that meant to block blocks nothing",
    remedy="return Allow(), Block(reason) or None",
)
async def answers_with_a_verdict(case: RiskCase) -> None:
    """Answers with Allow, Block or None, and with nothing else."""
    for heard in await _sweep(case):
        if heard.raised is None:
            is_verdict = heard.answer is None or isinstance(heard.answer, Allow | Block)
            require(is_verdict, f"it answered {heard.answer!r}")


@rule(
    "risk.never_raises",
    why="whether a fraud goes through is then decided by `fail`, and not by the check",
    remedy="mind payments without a past, in any currency, by any method",
)
async def never_raises(case: RiskCase) -> None:
    """Answers for every payment, with any past or none."""
    for heard in await _sweep(case):
        require(heard.raised is None, f"it ended with {heard}")


@rule(
    "risk.blocks_in_our_words",
    why="the merchant is told the code, and the time line shows the reason",
    remedy="use a DeclineCode, and a short printable reason",
)
async def blocks_in_our_words(case: RiskCase) -> None:
    """Blocks with a DeclineCode and a printable reason, without card numbers."""
    for heard in await _sweep(case):
        if isinstance(heard.answer, Block):
            block = heard.answer
            require(isinstance(block.code, DeclineCode), f"its code is {block.code!r}")
        if isinstance(heard.answer, Allow | Block):
            reason = heard.answer.reason
            is_text = isinstance(reason, str) and (reason == "" or reason.isprintable())
            require(is_text and len(reason) <= REASON_CHARS_MAX, f"its reason is {reason!r:.80}")
            require(redact(reason) == reason, "its reason holds a card number")


@rule(
    "risk.asks_for_what_there_is",
    why="the question is refused, and `fail` decides",
    remedy="ask for 31 days at most, and for `instrument`, `order` or `merchant`",
)
async def asks_for_what_there_is(case: RiskCase) -> None:
    """Asks its history only for what it can tell."""
    for request in a_sweep_of_risks():
        context = risk_context(case.stage(), request)
        await said(lambda r=request, c=context: case.check().assess(r, c))  # type: ignore[misc]  # bound at once
        refused = context.history.refused  # type: ignore[attr-defined]  # the kit's own
        require(not refused, f"it asked for {refused}")


@rule(
    "risk.assesses_the_same_again",
    why="it is asked again where a worker died; the payer would be judged twice, and differently",
    remedy="decide from the request, the history and context.clock alone; keep no counts",
)
async def assesses_the_same_again(case: RiskCase) -> None:
    """Judges the same payment with the same past the same way, also after a restart."""
    check = case.check()
    for request in a_sweep_of_risks():
        heard = [await _assessed(case, request, check=check) for _ in range(3)]
        heard.append(await _assessed(case, request))
        answers = [each.answer for each in heard]
        require(all(each == answers[0] for each in answers), f"it answered {answers}")


@rule(
    "risk.leaves_its_arguments_alone",
    why="the processor is asked for another payment than was judged",
    remedy="copy before you change",
)
async def leaves_its_arguments_alone(case: RiskCase) -> None:
    """Changes nothing of the request."""
    for request in a_sweep_of_risks():
        before = deepcopy(request)
        await _assessed(case, request)
        require(request == before, "it changed the request it was handed")


@rule(
    "risk.is_quick",
    why="the payment waits for it; what is late counts as `fail` says",
    remedy="ask others with a timeout below context.deadline",
)
async def is_quick(case: RiskCase) -> None:
    """Answers within two seconds, also on a line that hangs."""
    request, check = a_sweep_of_risks()[0], case.check()
    context = risk_context(case.stage(hangs), request, deadline=WITHIN)
    within_s = WITHIN.total_seconds() + SLACK_S
    heard = await said(lambda: check.assess(request, context), within_s=within_s)
    require(heard.is_over, f"no answer within {within_s:g} s")


@rule(
    "risk.lets_the_loop_go_on",
    why="every payment of this process stands still meanwhile",
    remedy="await; give what computes for long to asyncio.to_thread",
)
async def lets_the_loop_go_on(case: RiskCase) -> None:
    """Never holds up the event loop: it does not sleep in it, nor compute for long."""
    request = a_sweep_of_risks()[0]
    with watching() as watch:
        await _assessed(case, request)
    slept = watch.of("sleep")
    require(not slept, f"it called {', '.join(map(str, slept))}")
    longest_s = min([(await _assessed(case, request)).longest_step_s for _ in range(3)])
    require(longest_s < STEP_S_MAX, f"one step took {longest_s:.2f} s")


@rule(
    "risk.stops_when_told_to",
    why="a worker that shuts down waits for it",
    remedy="let CancelledError through",
)
async def stops_when_told_to(case: RiskCase) -> None:
    """Ends at once when it is cancelled."""
    request = a_sweep_of_risks()[0]
    context = risk_context(case.stage(hangs), request)
    task = asyncio.ensure_future(case.check().assess(request, context))
    await asyncio.sleep(0.02)
    require(await stopped(task), "a second after it was cancelled it was still running")


async def _assessed(
    case: RiskCase, request: RiskRequest, *, check: RiskCheck | None = None
) -> Said[RiskVerdict | None]:
    asked, context = check or case.check(), risk_context(case.stage(), request)
    return await said(lambda: asked.assess(request, context))


async def _sweep(case: RiskCase) -> list[Said[RiskVerdict | None]]:
    """Every payment, with every past."""
    return [
        await said(lambda r=request, c=context: case.check().assess(r, c))  # type: ignore[misc]  # bound at once
        for counts in a_sweep_of_histories()
        for request in a_sweep_of_risks()
        for context in [risk_context(case.stage(), request, counts=counts)]
    ]
