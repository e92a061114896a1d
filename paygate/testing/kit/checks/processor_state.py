"""The state that a processor stores, and the arguments that it gets."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import Any

from ....core.limits import PLUGIN_STATE_BYTES_MAX, WAKE_UP_MAX, WAKE_UPS_MAX
from ....core.outcome import ActionRequired, Approved, Pending
from ....core.payments.operation import OperationKind
from ....core.plugin_api.processor import CanQuery
from ....plugins.results import usable_wait
from ..calls import run_async, run_sync
from ..cases import ProcessorCase, operation, through_json
from ..operations import charged, decided, everything
from ..rules import DoesNotApplyError, NotJudgedError, require, rule


@rule(
    "processor.returns_json_state",
    why="a state that cannot be stored is lost, and the next query fails",
    remedy="use strings, numbers, lists and dictionaries: ISO strings for times, minor units",
)
async def returns_json_state(case: ProcessorCase) -> None:
    """Returns a state of plain JSON with at most 16 KiB."""
    for state in await _states(case):
        kept = run_sync(lambda s=state: through_json(s))  # type: ignore[misc]  # bound at once
        require(kept.raised is None, f"{kept.raised}: {state!r}")
        require(kept.answer == state, f"{state!r} came back as {kept.answer!r}")
        size = len(repr(state).encode())
        require(size <= PLUGIN_STATE_BYTES_MAX, f"its state takes {size} bytes")


@rule(
    "processor.continues_from_its_state",
    why="another process may continue the operation, days later",
    remedy="store what a query needs in the state, and nothing on the object",
)
async def continues_from_its_state(case: ProcessorCase) -> None:
    """Returns the same final outcome in another process, from the state alone."""
    processor, stage = case.processor(), case.stage()
    asked = case.request()
    first = await run_async(lambda: processor.authorize(asked, stage.call(operation(1))))
    restarted = case.processor()
    if not isinstance(first.answer, Pending | ActionRequired):
        raise DoesNotApplyError("its outcomes are never pending")
    if not isinstance(restarted, CanQuery):
        raise DoesNotApplyError("it does not support queries")
    about = case.follow_up(asked, operation(1))
    there = await decided(restarted, stage, OperationKind.CHARGE, about, first)
    here = await decided(processor, case.stage(), OperationKind.CHARGE, about, first)
    if not isinstance(here.answer, Approved):
        raise NotJudgedError(f"see processor.approves; the charge ended with {here}")
    require(there.answer == here.answer, f"here it ended with {here}, after a restart with {there}")


@rule(
    "processor.requests_valid_wake_ups",
    why="the host drops a wake-up that cannot be stored, and the delayed work never happens",
    remedy="use a timedelta from 0 to 400 days, and at most 50 wake-ups in one call",
)
async def requests_valid_wake_ups(case: ProcessorCase) -> None:
    """Requests wake-ups with valid waits, and not too many."""
    processor, stage = case.processor(), case.stage()
    samples = ["approved", *(["declined"] if case.declined is not None else [])]
    for ordinal, sample in enumerate(samples, 1):
        asked, context = case.request(sample=sample), stage.call(operation(ordinal))
        await run_async(partial(processor.authorize, asked, context))
        count = len(context.wake_ups)
        require(count <= WAKE_UPS_MAX, f"one call asked for {count} wake-ups")
        for each in context.wake_ups:
            usable_wait(each.after, "wake_me(after)", longest=WAKE_UP_MAX)


@rule(
    "processor.does_not_change_arguments",
    why="the host records the original request, not the changed one",
    remedy="copy before you change: dict(request.instrument.display)",
)
async def does_not_change_arguments(case: ProcessorCase) -> None:
    """Does not change the request or the state that it gets."""
    for ordinal, sample in enumerate(("approved", "declined"), 1):
        if getattr(case, sample) is None:
            continue
        asked, processor = case.request(sample=sample), case.processor()
        before = deepcopy(asked)
        charge = await charged(case, processor, case.stage(), asked=asked, ordinal=ordinal)
        require(asked == before, f"the request was {before}, then {asked}")
        await _asks_about(case, processor, charge.first.answer)


async def _asks_about(case: ProcessorCase, processor: object, answer: object) -> None:
    state = getattr(answer, "state", None)
    if not isinstance(processor, CanQuery) or state is None:
        return
    kept = through_json(state)
    given = deepcopy(kept)
    about = case.follow_up(case.request(), operation(1))
    context = case.stage().call(operation(1), state=given)
    await run_async(lambda: processor.query(OperationKind.CHARGE, about, context))
    require(given == kept, f"the state was {kept!r}, then {given!r}")


async def _states(case: ProcessorCase) -> list[Mapping[str, Any]]:
    """Return every state that it stores."""
    stage, processor = case.stage(), case.processor()
    result = await everything(case, processor, stage)
    states = [getattr(each.answer, "state", None) for each in result]
    context = stage.call(operation(9))
    await run_async(lambda: processor.authorize(case.request(), context))
    return [*(s for s in states if s is not None), *(wake.state for wake in context.wake_ups)]
