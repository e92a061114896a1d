"""One operation of a simulated processor: its answer, query results and callbacks."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from ..core.errors import NotSentError
from ..core.money import Money
from ..core.outcome import (
    ActionKind,
    ActionRequired,
    Approved,
    DeclineCode,
    Declined,
    Outcome,
    Pending,
    Unknown,
)
from ..core.payments.operation import OperationKind
from ..core.plugin_api.plugin import CallContext, WakeUp
from .decision import Decision
from .scenario import FAULTS, Callback, Latency, Timeline, parameters

# How often to query an operation whose result does not change later.
ASK_EVERY_S = 3600.0
OTHER_CURRENCY = {"INR": "USD"}


ActionData = Callable[[str, "SimulatedOperation"], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class SimulatedOperation:
    """One operation that follows a timeline.

    It has no state: the result of a query follows from when the operation was requested, so any
    process can continue it, and a restart loses nothing.

    Args:
        processor_id: The simulated processor.
        timeline: What happens to it, and when.
        kind: The kind of the operation.
        amount: The amount of the operation.
        context: The call context.
        operation_id: The id of the operation.
        action_data: Data for the shopper's page to show an action.
    """

    processor_id: str
    timeline: Timeline
    kind: OperationKind
    amount: Money
    context: CallContext
    operation_id: str
    action_data: ActionData | None = None

    @property
    def after_s(self) -> float:
        """Seconds since the operation was requested."""
        assert self.context.asked_at is not None, "the host sets it for every operation"
        return max(0.0, (self.context.clock.now() - self.context.asked_at).total_seconds())

    async def call(self) -> Outcome:
        """Return the result of the call itself.

        Raises:
            NotSentError: The processor cannot be reached.
            Exception: The scenario simulates a broken connector.
        """
        await asyncio.sleep(_latency_s(self.timeline.latency, self.context))
        word = self.timeline.call
        if word == "not_sent":
            # A second attempt may succeed.
            word = self.timeline.result_at(self.after_s)
            if word == "unknown":
                raise NotSentError("the processor cannot be reached", plugin=self.processor_id)
        for callback in self.callbacks():
            self.context.wake_me(callback.after, callback.state)
        return await self._misbehave(word) if word in FAULTS else self.outcome(word)

    def query_result(self) -> Outcome:
        """Return the result of a query."""
        return self.outcome(self.timeline.result_at(self.after_s))

    def callbacks(self) -> list[WakeUp]:
        """Return the callbacks that the processor sends by itself, and in how long."""
        return [
            WakeUp(
                timedelta(seconds=max(0.0, callback.at - self.after_s)),
                self._callback(ordinal, callback),
            )
            for ordinal, callback in enumerate(self.timeline.callbacks)
        ]

    @property
    def is_received(self) -> bool:
        """Check whether the processor receives the operation."""
        return (
            self.timeline.call != "not_sent" or self.timeline.result_at(self.after_s) != "unknown"
        )

    @property
    def amount_in_the_end(self) -> Money:
        """The operation's amount, or the part of it that the scenario approves."""
        kind, detail = parameters(self._last[1])
        return self._part(detail) if kind == "partly" else self.amount

    @property
    def ends(self) -> Decision | None:
        """How the operation ends without the payer's action; None if that stays unknown."""
        at, word = self._last
        assert self.context.asked_at is not None, "the host sets it for every operation"
        due_at = self.context.asked_at + timedelta(seconds=at)
        kind, detail = parameters(word)
        if kind in {"approved", "partly"}:
            return Decision(due_at, None)
        if kind == "declined":
            return Decision(due_at, Declined(DeclineCode(detail or "declined")))
        return None

    @property
    def _last(self) -> tuple[float, str]:
        return self.timeline.then[-1] if self.timeline.then else (0.0, self.timeline.call)

    def _part(self, percent: str) -> Money:
        return Money(max(1, self.amount.minor * int(percent) // 100), self.amount.currency)

    def outcome(self, word: str) -> Outcome:
        """Convert a word of the scenario to an outcome."""
        kind, detail = parameters(word)
        match kind:
            case "approved":
                return Approved(self.reference, self.amount, self.operation_id)
            case "partly":
                return Approved(self.reference, self._part(detail), self.operation_id)
            case "declined":
                return Declined(DeclineCode(detail or "declined"))
            case "pending":
                return Pending(resolve_after=self._ask_after())
            case "action":
                return self._action(cast("ActionKind", detail))
            case _:
                return Unknown("the processor does not know the result")

    @property
    def reference(self) -> str:
        """The processor's reference."""
        return f"{self.processor_id}_{self.operation_id}"

    @property
    def expires_at(self) -> datetime:
        """When the processor stops waiting for the payer."""
        assert self.context.asked_at is not None, "the host sets it for every operation"
        return self.context.asked_at + timedelta(seconds=self.timeline.expires_after)

    def _action(self, action: ActionKind) -> ActionRequired:
        shown = self.action_data(action, self) if self.action_data is not None else {}
        return ActionRequired(
            action,
            expires_at=self.expires_at,
            data={"operation_id": self.operation_id, **shown},
            resolve_after=self._ask_after(),
        )

    def _ask_after(self) -> timedelta:
        change = self.timeline.next_change(self.after_s)
        wanted = self.timeline.ask_after
        if wanted is not None and self.after_s < wanted:
            return timedelta(seconds=wanted - self.after_s)
        if change is not None:
            return timedelta(seconds=change - self.after_s)
        return timedelta(seconds=ASK_EVERY_S)

    async def _misbehave(self, fault: str) -> Outcome:
        match fault:
            case "hang":
                await asyncio.sleep(self.context.deadline.total_seconds() * 10)
            case "late":
                await asyncio.sleep(self.context.deadline.total_seconds() * 1.2)
            case "junk":
                return cast("Outcome", "approved")
            case "wrong_amount":
                more = Money(self.amount.minor + 1, self.amount.currency)
                return Approved(self.reference, more)
            case "wrong_currency":
                other = OTHER_CURRENCY.get(self.amount.currency, "INR")
                return Approved(self.reference, Money(self.amount.minor, other))
            case "wrong_operation":
                return Approved(self.reference, self.amount, operation_id="op_0000000000000000")
            case "crash_after_charge":
                raise ConnectionResetError("the connection was lost after the charge")
            case _:
                raise RuntimeError("the connector is broken")
        return Approved(self.reference, self.amount, self.operation_id)

    def _callback(self, ordinal: int, callback: Callback) -> dict[str, Any]:
        operation_id = self.operation_id if callback.about == "this" else "op_0000000000000000"
        return {
            "times": callback.times,
            "signed": callback.signed,
            "content": {
                "id": f"{self.operation_id}:{ordinal}",
                "operation_id": operation_id,
                "kind": self.kind.value,
                "status": callback.status,
                "amount": self.amount.minor + callback.amount_off,
                "currency": self.amount.currency,
            },
        }


def _latency_s(latency: Latency, context: CallContext) -> float:
    if latency.uniform_ms is not None:
        return context.rng.uniform(*latency.uniform_ms) / 1000
    if latency.lognormal_ms is not None:
        median, sigma = latency.lognormal_ms
        longest_s = context.deadline.total_seconds() / 2
        return min(context.rng.lognormvariate(math.log(median), sigma) / 1000, longest_s)
    return latency.fixed_ms / 1000
