"""A router ranks processors, quickly and reproducibly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from datetime import timedelta

from ....core.plugin_api.routing import Router, RouteRequest
from ....plugins.checks import check_members
from ..calls import Result, run_async, run_sync, stopped
from ..cases import RouterCase, operation
from ..rules import require, rule
from ..sample_requests import a_sweep_of_routes
from ..stage import hangs
from ..world import watching

WITHIN = timedelta(milliseconds=500)
"""The limit for all routers together."""
SLACK_S = 0.5
STEP_S_MAX = 0.1


@rule(
    "router.describes_itself",
    why="the host refuses to start with a router without a name, or with an invalid priority",
    remedy="give it a `name`, and a whole number as `priority` if it needs one",
)
async def describes_itself(case: RouterCase) -> None:
    """Has the members of a Router, a name and, if set, a whole number as priority."""
    router = case.router()
    seen = run_sync(lambda: check_members(router, Router))
    require(seen.raised is None, str(seen.raised))
    require(isinstance(router.name, str) and router.name, f"its name is {router.name!r}")
    priority = getattr(router, "priority", 0)
    require(type(priority) is int, f"its priority is {priority!r}")


@rule(
    "router.returns_processor_ids",
    why="the host ignores any other result, and reports the router as broken",
    remedy="return a list of processor ids, or None",
)
async def returns_processor_ids(case: RouterCase) -> None:
    """Returns a sequence of processor ids, or None; a string is not a sequence of ids."""
    for request in a_sweep_of_routes():
        results = await _ranked(case, request)
        if results.raised is None:
            ranks = results.answer
            is_list = isinstance(ranks, Sequence) and not isinstance(ranks, str | bytes)
            is_ids = is_list and all(isinstance(each, str) for each in ranks or ())
            require(ranks is None or is_ids, f"it answered {ranks!r}")


@rule(
    "router.never_raises",
    why="its ranking is ignored, without a visible error",
    remedy="return None without an opinion; facts may be missing",
)
async def never_raises(case: RouterCase) -> None:
    """Returns a result for every payment: any currency, method, facts and number of candidates."""
    for request in a_sweep_of_routes():
        results = await _ranked(case, request)
        require(results.raised is None, f"{request.method}, {request.facts}: {results}")


@rule(
    "router.names_only_candidates",
    why="a processor that cannot carry out the payment is ignored; the ranking is useless",
    remedy="choose among request.candidates",
)
async def names_only_candidates(case: RouterCase) -> None:
    """Names only processors that can carry out the payment."""
    for request in a_sweep_of_routes():
        known = {each.processor for each in request.candidates}
        for each in (await _ranked(case, request)).answer or ():
            require(each in known, f"it named {each!r}; the candidates are {sorted(known)}")


@rule(
    "router.names_each_once",
    why="failover would return to a processor that has just failed",
    remedy="name each processor once",
)
async def names_each_once(case: RouterCase) -> None:
    """Names each processor at most once."""
    for request in a_sweep_of_routes():
        ranks = list((await _ranked(case, request)).answer or ())
        require(len(set(ranks)) == len(ranks), f"it answered {ranks}")


@rule(
    "router.ranks_reproducibly",
    why="a repeated request would go to another processor, for no visible reason",
    remedy="use only the request, context.rng and context.clock; keep no counters",
)
async def ranks_reproducibly(case: RouterCase) -> None:
    """Ranks the same payment the same way, also after a restart."""
    for request in a_sweep_of_routes():
        one, other = (await _ranked(case, request)).answer, (await _ranked(case, request)).answer
        require(_listed(one) == _listed(other), f"first {one}, then {other}")
    router = case.router()
    for request in a_sweep_of_routes():
        results = [(await _ranked(case, request, router=router)).answer for _ in range(3)]
        is_same = all(_listed(each) == _listed(results[0]) for each in results)
        require(is_same, f"asked three times in one process: {results}")


@rule(
    "router.does_not_change_arguments",
    why="the next router would get another payment",
    remedy="copy before you change",
)
async def does_not_change_arguments(case: RouterCase) -> None:
    """Does not change the request."""
    for request in a_sweep_of_routes():
        before = deepcopy(request)
        await _ranked(case, request)
        require(request == before, "it changed the request it was handed")


@rule(
    "router.responds_in_time",
    why="a shopper's request waits for it; a late result counts as no opinion",
    remedy="calculate the ranking; send requests only with a short timeout",
)
async def responds_in_time(case: RouterCase) -> None:
    """Returns within half a second, also if a request hangs."""
    router, stage, request = case.router(), case.stage(hangs), a_sweep_of_routes()[0]
    context = stage.call(operation(1), deadline=WITHIN)
    within_s = WITHIN.total_seconds() + SLACK_S
    results = await run_async(lambda: router.rank(request, context), within_s=within_s)
    require(results.is_over, f"no answer within {within_s:g} s")


@rule(
    "router.does_not_block_the_loop",
    why="all requests of this process are blocked meanwhile",
    remedy="use await; run long calculations with asyncio.to_thread",
)
async def does_not_block_the_loop(case: RouterCase) -> None:
    """Never blocks the event loop with a sleep or a long calculation."""
    request = a_sweep_of_routes()[0]
    with watching() as watch:
        await _ranked(case, request)
    slept = watch.of("sleep")
    require(not slept, f"it called {', '.join(map(str, slept))}")
    longest_s = min([(await _ranked(case, request)).longest_step_s for _ in range(3)])
    require(longest_s < STEP_S_MAX, f"one step took {longest_s:.2f} s")


@rule(
    "router.stops_when_cancelled",
    why="a process that shuts down waits for it",
    remedy="do not catch CancelledError",
)
async def stops_when_cancelled(case: RouterCase) -> None:
    """Ends at once when it is cancelled."""
    context = case.stage(hangs).call(operation(1))
    task = asyncio.ensure_future(case.router().rank(a_sweep_of_routes()[0], context))
    await asyncio.sleep(0.02)
    require(await stopped(task), "a second after it was cancelled it was still running")


async def _ranked(
    case: RouterCase, request: RouteRequest, *, router: Router | None = None
) -> Result[Sequence[str] | None]:
    asked = router or case.router()
    context = case.stage().call(request.payment_id, deadline=WITHIN)
    return await run_async(lambda: asked.rank(request, context))


def _listed(ranks: Sequence[str] | None) -> list[str] | None:
    return None if ranks is None else list(ranks)
