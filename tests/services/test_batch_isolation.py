"""An invalid result in a batch affects only its own payment."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from paygate import (
    ActionRequired,
    Approved,
    AuthorizeRequest,
    CallContext,
    Declined,
    Outcome,
    Pending,
)
from tests.harness.apps import running_app
from tests.harness.fakes import Fakes, ScriptedProcessor

# One batch holds them all, so a fault that spreads would reach each of them.
HEALTHY = 5


def approved(request: AuthorizeRequest, context: CallContext) -> Outcome:
    return Approved(f"ref-{context.operation_id}", request.amount)


def raises(error: BaseException) -> Any:
    def answer(request: AuthorizeRequest, context: CallContext) -> Outcome:
        raise error

    return answer


def wakes(after: object, state: object) -> Any:
    def answer(request: AuthorizeRequest, context: CallContext) -> Outcome:
        context.wake_me(after, state)  # type: ignore[arg-type]  # what it does wrong
        return approved(request, context)

    return answer


ASKED_AGAIN = {
    "raises": raises(RuntimeError("broken")),
    "exits": raises(SystemExit("license missing")),
    "cancels itself": raises(asyncio.CancelledError()),
    "answers nothing": lambda request, context: None,
    "a code that is none": lambda request, context: Declined("no_money"),
    "a retry that is none": lambda request, context: Declined("declined", retry="soon"),
    "a negative wait": lambda request, context: Pending(timedelta(seconds=-5)),
    "an expiry that is none": lambda request, context: Pending(timedelta(0), expires_at="soon"),
    "an action without an expiry": lambda request, context: ActionRequired("qr", None),
}
DEFINITE = {
    "a wake-up that is a number": wakes(5, {}),
    "a wake-up in the past": wakes(timedelta(days=-1), {}),
    "a wake-up after all time": wakes(timedelta.max, {}),
    "a wake-up with a state that is no JSON": wakes(timedelta(1), {"at": object()}),
    "a wake-up without a state": wakes(timedelta(1), None),
}


@dataclass
class Misbehaves(ScriptedProcessor):
    """Approves whatever it is asked, but for coins of lead."""

    lead: Any = None

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        approval = await super().authorize(request, context)
        is_lead = request.instrument.display["coin"] == "lead"
        return self.lead(request, context) if is_lead else approval


@pytest.mark.parametrize(
    ("lead", "asked"),
    [
        *(pytest.param(each, ["authorize", "query"], id=id) for id, each in ASKED_AGAIN.items()),
        *(pytest.param(each, ["authorize"], id=id) for id, each in DEFINITE.items()),
    ],
)
async def test_operations_of_a_batch_are_settled_by_their_own_outcomes(
    database_url: str, tmp_path: Path, lead: Any, asked: list[str]
):
    processor = Misbehaves(lead=lead)
    async with running_app(
        database_url, tmp_path, plugins=Fakes(processor=processor).found()
    ) as app:
        # Made before there is a worker, so that one claim takes them all.
        bad = await app.paid(coin="lead")
        healthy = [await app.paid() for _ in range(HEALTHY)]
        async with app.working():
            for id in [bad, *healthy]:
                await app.until(id, "success")

    calls = Counter((payment, what) for what, _, payment in processor.calls)
    assert calls == {
        **{(id, "authorize"): 1 for id in healthy},
        **{(bad, what): 1 for what in asked},
    }
