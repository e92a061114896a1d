"""Answer like a processor, without one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from ..core.errors import NotSentError, OperatorError
from ..core.money import Money
from ..core.outcome import Approved, DeclineCode, Declined, Outcome, Pending
from ..core.payments.operation import OperationKind
from ..core.plugin_api.plugin import CallContext
from ..core.plugin_api.processor import AuthorizeRequest, FollowUp, RawCallback, Update, Verified
from .book import Book, Entry
from .calling_back import translate, verify, write
from .decision import Decision, decide, decide_refund, read_decision
from .scenario import Scenario, Timeline, parameters
from .settings import SimulatorSettings
from .simulated_operation import ActionData, SimulatedOperation


@dataclass(frozen=True, slots=True)
class Simulator:
    """Decides, delays and records the operations of a simulated processor.

    It keeps nothing in memory and never sleeps: a delayed result is a ``Pending`` whose state
    contains the result, so a restart loses none. The same operation id always has the same
    result, in every process.

    Args:
        processor_id: The processor that it simulates; part of every reference.
        settings: How to decide.
        scenarios: The scenarios, by name; a payment without one is decided at random.
    """

    processor_id: str
    settings: SimulatorSettings
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)

    async def authorize(
        self,
        request: AuthorizeRequest,
        context: CallContext,
        *,
        decline: Declined | None = None,
        timeline: Timeline | None = None,
        action_data: ActionData | None = None,
    ) -> Outcome:
        """Decide a charge; answer at once if there is no delay.

        Args:
            request: The charge.
            context: The call context.
            decline: A certain decline, whatever the settings are, for instruments that are
                always declined.
            timeline: The timeline if no scenario is named; None decides at random.
            action_data: Data for the shopper's page to show an action.

        Raises:
            NotSentError: The record file cannot be written: nothing was charged.
        """
        now = context.clock.now()
        if not request.capture:
            self._expire_later(request, context)
        operation = self._operation(
            OperationKind.CHARGE,
            request.amount,
            context,
            context.operation_id,
            timeline=timeline,
            action_data=action_data,
        )
        if operation is not None:
            return await self._call(operation, request.payment_id)
        decision = decide(self.settings, context.rng, now=now, decline=decline)
        await self._record(OperationKind.CHARGE, request, context, decision)
        if decision.due_at > now:
            return _pending(decision, decision.due_at - now)
        return self._ending(decision, context.operation_id, request.amount)

    async def refund(
        self, request: FollowUp, context: CallContext, *, decline: Declined | None = None
    ) -> Outcome:
        """Decide a refund, after a delay of its own."""
        operation = self._operation(
            OperationKind.REFUND, request.amount, context, context.operation_id
        )
        if operation is not None:
            return await self._call(operation, request.payment_id)
        now = context.clock.now()
        decision = decide_refund(self.settings, context.rng, now=now, decline=decline)
        await self._record(OperationKind.REFUND, request, context, decision)
        if decision.due_at > now:
            return _pending(decision, decision.due_at - now)
        return self._ending(decision, context.operation_id, request.amount)

    async def settle_hold(
        self, kind: OperationKind, request: FollowUp, context: CallContext
    ) -> Outcome:
        """Capture or void an authorization at once."""
        operation = self._operation(kind, request.amount, context, context.operation_id)
        if operation is not None:
            return await self._call(operation, request.payment_id)
        decision = Decision(context.clock.now(), None)
        await self._record(kind, request, context, decision)
        return self._ending(decision, context.operation_id, request.amount)

    async def query(
        self,
        kind: OperationKind,
        request: FollowUp,
        context: CallContext,
        *,
        timeline: Timeline | None = None,
        action_data: ActionData | None = None,
    ) -> Outcome:
        """Return the result of an operation.

        It comes from the state that the host has stored or, if that is lost, from the record
        file. A scenario only answers about operations in the file; without a file it always
        answers.

        Raises:
            NotSentError: The operation was never received. Sending it again is safe: the same
                id has the same result.
        """
        operation = self._operation(
            kind,
            request.amount,
            context,
            request.operation_id,
            timeline=timeline,
            action_data=action_data,
        )
        if operation is not None:
            return await self._query(operation)
        decision = await self._recall(request.operation_id, context.state)
        if decision is None:
            raise self._never_seen(kind, request.operation_id)
        remaining = decision.due_at - context.clock.now()
        if remaining > timedelta(0):
            return _pending(decision, remaining)
        return self._ending(decision, request.operation_id, request.amount)

    async def wake(self, context: CallContext) -> None:
        """Send the callback that a scenario has delayed until now, as often as it says."""
        state, call_back = context.state, context.call_back
        assert state is not None, "a wake-up has a state"
        assert call_back is not None, "the host accepts callbacks"
        await self._record_late_approval(context)
        raw = write(state["content"], secret=self._secret(), signed=state["signed"])
        for _ in range(state["times"]):
            await call_back(raw.headers, raw.body)

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback:
        words = {
            "approve": "approved",
            "decline": "declined:payer_rejected",
            "wrong_pin": "declined:authentication_failed",
            "time_out": "declined:payer_timed_out",
        }
        content = {
            "id": f"{request.operation_id}:payer:{decision}",
            "operation_id": request.operation_id,
            "kind": OperationKind.CHARGE.value,
            "status": words[decision],
            "amount": request.amount.minor,
            "currency": request.amount.currency,
        }
        if self.settings.book is not None:
            # The payer has approved or declined: from now on a query returns the same.
            Book(self.settings.book).append(self._payer_entry(request, words[decision]))
        return write(content, secret=self._secret())

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        # Simulated processors send no batches.
        return [callback]

    def verify(self, callback: RawCallback) -> Verified:
        return verify(callback, secret=self._secret())

    def translate(self, verified: Verified) -> Sequence[Update]:
        return translate(verified, processor_id=self.processor_id)

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        return (200, b'{"received":true}') if accepted else (400, b'{"received":false}')

    def _secret(self) -> str:
        """Return the secret that signs callbacks.

        Raises:
            OperatorError: None is set, and no host derived one.
        """
        secret = self.settings.callback_secret
        if secret is None:
            raise OperatorError(
                setting="PAYGATE_SIMULATOR_SECRET",
                problem="no secret signs the callbacks of simulated processors",
                remedy="Set it, or read the settings with the context's `config`",
            )
        return secret.get_secret_value()

    def _expire_later(self, request: AuthorizeRequest, context: CallContext) -> None:
        """Schedule a callback that reports an expired authorization; ignored after a capture."""
        content = {
            "id": f"{context.operation_id}:expired",
            "operation_id": context.operation_id,
            "kind": OperationKind.CHARGE.value,
            "status": "expired",
            "amount": request.amount.minor,
            "currency": request.amount.currency,
        }
        state = {"times": 1, "signed": True, "content": content}
        context.wake_me(timedelta(days=self.settings.hold_days), state)

    def _operation(
        self,
        kind: OperationKind,
        amount: Money,
        context: CallContext,
        operation_id: str,
        *,
        timeline: Timeline | None = None,
        action_data: ActionData | None = None,
    ) -> SimulatedOperation | None:
        scenario = self.scenarios.get(context.scenario or "")
        chosen = scenario.timeline(kind) if scenario is not None else timeline
        if chosen is None:
            return None
        return SimulatedOperation(
            self.processor_id, chosen, kind, amount, context, operation_id, action_data
        )

    async def _call(self, operation: SimulatedOperation, payment_id: str) -> Outcome:
        if operation.is_received:
            entry = Entry(
                operation.operation_id,
                payment_id,
                operation.amount_in_the_end,
                self.processor_id,
                operation.ends,
                operation.kind,
            )
            await self._append(entry)
        return await operation.call()

    async def _query(self, operation: SimulatedOperation) -> Outcome:
        if self.settings.book is None:
            return operation.query_result()
        entry = await asyncio.to_thread(Book(self.settings.book).find, operation.operation_id)
        if entry is None:
            raise self._never_seen(operation.kind, operation.operation_id)
        decision = entry.decision
        if decision is None or decision.due_at > operation.context.clock.now():
            return operation.query_result()
        return self._ending(decision, operation.operation_id, entry.amount)

    def _never_seen(self, kind: OperationKind, operation_id: str) -> NotSentError:
        reason = f"no {kind} {operation_id} was received"
        return NotSentError(reason, plugin=self.processor_id)

    async def _record_late_approval(self, context: CallContext) -> None:
        """Record a charge that is approved after a decline, before the callback reports it."""
        state, now = context.state, context.clock.now()
        assert state is not None, "a wake-up has a state"
        content = state["content"]
        if self.settings.book is None or content["status"] != "approved":
            return
        entry = await asyncio.to_thread(Book(self.settings.book).find, content["operation_id"])
        if entry is not None and entry.decision is not None and not entry.decision.is_approved:
            await self._append(replace(entry, decision=Decision(now, None)))

    def _payer_entry(self, request: FollowUp, word: str) -> Entry:
        kind, detail = parameters(word)
        decline = Declined(DeclineCode(detail)) if kind == "declined" else None
        assert request.asked_at is not None, "the host sets it for every operation"
        decision = Decision(request.asked_at, decline)
        return Entry(
            request.operation_id, request.payment_id, request.amount, self.processor_id, decision
        )

    async def _record(
        self,
        kind: OperationKind,
        request: AuthorizeRequest | FollowUp,
        context: CallContext,
        decision: Decision,
    ) -> None:
        await self._append(
            Entry(
                context.operation_id,
                request.payment_id,
                request.amount,
                self.processor_id,
                decision,
                kind,
            )
        )

    async def _append(self, entry: Entry) -> None:
        if self.settings.book is None:
            return
        try:
            await asyncio.to_thread(Book(self.settings.book).append, entry)
        except OSError as error:
            reason = f"the record file cannot be written ({error.strerror or error})"
            raise NotSentError(reason, plugin=self.processor_id) from error

    async def _recall(self, operation_id: str, state: Mapping[str, Any] | None) -> Decision | None:
        decision = read_decision(state)
        if decision is not None or self.settings.book is None:
            return decision
        entry = await asyncio.to_thread(Book(self.settings.book).find, operation_id)
        return entry.decision if entry else None

    def _ending(self, decision: Decision, operation_id: str, amount: Money) -> Outcome:
        if decision.decline is not None:
            return decision.decline
        return Approved(reference=f"{self.processor_id}_{operation_id}", amount=amount)


def _pending(decision: Decision, remaining: timedelta) -> Pending:
    return Pending(resolve_after=remaining, state=decision.as_json())
