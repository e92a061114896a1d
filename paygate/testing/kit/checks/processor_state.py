"""What a processor asks to have kept, and what it is handed."""

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
from ..calls import said, tried
from ..cases import ProcessorCase, operation, through_json
from ..rules import DoesNotApplyError, NotJudgedError, require, rule
from ..scenes import charged, decided, everything


@rule(
    "processor.state_is_json",
    why="what cannot be stored is lost, and the query after it knows nothing",
    remedy="keep texts, numbers, lists and dictionaries: moments as ISO texts, sums as minor units",
)
async def state_is_json(case: ProcessorCase) -> None:
    """Asks to keep plain JSON of at most 16 KiB, and nothing that only Python knows."""
    for state in await _states(case):
        kept = tried(lambda s=state: through_json(s))  # type: ignore[misc]  # bound at once
        require(kept.raised is None, f"{kept.raised}: {state!r}")
        require(kept.answer == state, f"{state!r} came back as {kept.answer!r}")
        size = len(repr(state).encode())
        require(size <= PLUGIN_STATE_BYTES_MAX, f"its state takes {size} bytes")


@rule(
    "processor.state_is_enough",
    why="the answer may come to another process, days later",
    remedy="put into the state what a query needs, and keep nothing on the object",
)
async def state_is_enough(case: ProcessorCase) -> None:
    """Comes to the same ending in another process, from the state alone."""
    processor, stage = case.processor(), case.stage()
    asked = case.request()
    first = await said(lambda: processor.authorize(asked, stage.call(operation(1))))
    restarted = case.processor()
    if not isinstance(first.answer, Pending | ActionRequired):
        raise DoesNotApplyError("it answers at once")
    if not isinstance(restarted, CanQuery):
        raise DoesNotApplyError("it cannot be asked")
    about = case.follow_up(asked, operation(1))
    there = await decided(restarted, stage, OperationKind.CHARGE, about, first)
    here = await decided(processor, case.stage(), OperationKind.CHARGE, about, first)
    if not isinstance(here.answer, Approved):
        raise NotJudgedError(f"see processor.approves; the charge ended with {here}")
    require(there.answer == here.answer, f"here it ended with {here}, after a restart with {there}")


@rule(
    "processor.wake_ups_can_be_kept",
    why="the host leaves out a wake-up that cannot be stored, and what was put off never happens",
    remedy="ask with a timedelta from 0 to 400 days, and for at most 50 wake-ups in one call",
)
async def wake_ups_can_be_kept(case: ProcessorCase) -> None:
    """Asks to be woken after timedeltas that can be waited for, and not too often."""
    processor, stage = case.processor(), case.stage()
    samples = ["approved", *(["declined"] if case.declined is not None else [])]
    for ordinal, sample in enumerate(samples, 1):
        asked, context = case.request(sample=sample), stage.call(operation(ordinal))
        await said(partial(processor.authorize, asked, context))
        count = len(context.wake_ups)
        require(count <= WAKE_UPS_MAX, f"one call asked for {count} wake-ups")
        for each in context.wake_ups:
            usable_wait(each.after, "wake_me(after)", longest=WAKE_UP_MAX)


@rule(
    "processor.leaves_its_arguments_alone",
    why="the host books what it asked, not what was made of it",
    remedy="copy before you change: dict(request.instrument.display)",
)
async def leaves_its_arguments_alone(case: ProcessorCase) -> None:
    """Changes nothing of the request or of the state it is handed."""
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
    await said(lambda: processor.query(OperationKind.CHARGE, about, context))
    require(given == kept, f"the state was {kept!r}, then {given!r}")


async def _states(case: ProcessorCase) -> list[Mapping[str, Any]]:
    """Every state it asks to have kept."""
    stage, processor = case.stage(), case.processor()
    heard = await everything(case, processor, stage)
    states = [getattr(each.answer, "state", None) for each in heard]
    context = stage.call(operation(9))
    await said(lambda: processor.authorize(case.request(), context))
    return [*(s for s in states if s is not None), *(wake.state for wake in context.wake_ups)]
