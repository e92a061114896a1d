"""Answers as a processor would, without one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..core.domain.errors import NotSentError
from ..core.domain.money import Money
from ..core.domain.operation import OperationKind
from ..core.domain.outcome import Approved, Declined, Outcome, Pending
from ..core.ports.plugins import AuthorizeRequest, CallContext, FollowUp
from .book import Book, Charge
from .decision import Decision, decide, decide_refund, read_decision
from .settings import SimulatorSettings


@dataclass(frozen=True, slots=True)
class Simulator:
    """Decides, delays and remembers on behalf of a simulated processor.

    It keeps nothing in memory and never sleeps: an ending that takes time is a
    ``Pending`` that carries the ending with it, so a restart loses none. The same
    operation id always gives the same ending, in every process.

    Args:
        processor_id: Whose behalf; part of every reference.
        settings: How to behave.
    """

    processor_id: str
    settings: SimulatorSettings

    async def authorize(
        self, request: AuthorizeRequest, context: CallContext, *, decline: Declined | None = None
    ) -> Outcome:
        """Decide about a charge; answer at once if there is no delay.

        Args:
            request: What is to be charged.
            context: The host's.
            decline: A definite no, whatever the settings say, for instruments that
                are always declined.

        Raises:
            NotSentError: There is a book and it cannot be written: nobody was charged.
        """
        now = context.clock.now()
        decision = decide(self.settings, context.rng, now=now, decline=decline)
        await self._record(request, context.operation_id, decision)
        if decision.due_at > now:
            return _pending(decision, decision.due_at - now)
        return self._ending(decision, context.operation_id, request.amount)

    async def refund(
        self, request: FollowUp, context: CallContext, *, decline: Declined | None = None
    ) -> Outcome:
        """Decide about giving money back, after a delay of its own."""
        now = context.clock.now()
        decision = decide_refund(self.settings, context.rng, now=now, decline=decline)
        if decision.due_at > now:
            return _pending(decision, decision.due_at - now)
        return self._ending(decision, context.operation_id, request.amount)

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """Say what became of an operation.

        It is known from what the host kept of the first answer or, where that was
        lost, from the book.

        Raises:
            NotSentError: It is known from neither. To send it again is safe, as the
                same id ends the same way.
        """
        decision = await self._recall(request.operation_id, context.state)
        if decision is None:
            reason = f"no {kind} {request.operation_id} was ever seen"
            raise NotSentError(reason, plugin=self.processor_id)
        remaining = decision.due_at - context.clock.now()
        if remaining > timedelta(0):
            return _pending(decision, remaining)
        return self._ending(decision, request.operation_id, request.amount)

    async def _record(
        self, request: AuthorizeRequest, operation_id: str, decision: Decision
    ) -> None:
        if self.settings.book is None:
            return
        charge = Charge(
            operation_id, request.payment_id, request.amount, self.processor_id, decision
        )
        try:
            await asyncio.to_thread(Book(self.settings.book).append, charge)
        except OSError as error:
            reason = f"the book cannot be written ({error.strerror or error})"
            raise NotSentError(reason, plugin=self.processor_id) from error

    async def _recall(self, operation_id: str, state: Mapping[str, Any] | None) -> Decision | None:
        decision = read_decision(state)
        if decision is not None or self.settings.book is None:
            return decision
        charge = await asyncio.to_thread(Book(self.settings.book).find, operation_id)
        return charge.decision if charge else None

    def _ending(self, decision: Decision, operation_id: str, amount: Money) -> Outcome:
        if decision.decline is not None:
            return decision.decline
        return Approved(reference=f"{self.processor_id}_{operation_id}", amount=amount)


def _pending(decision: Decision, remaining: timedelta) -> Pending:
    return Pending(resolve_after=remaining, state=decision.as_json())
