"""Play sequences, each with a fresh payment, and shrink the ones that fail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from ..core.webhooks.model import matches
from .books import PlayedPayment
from .check import ChaosQuestion, Check
from .handler import Handler
from .plan import Group, Planned, PlanOptions, is_of, orders_possible, plan
from .report import ChaosReport, Failure, Outcome, Played, ProblemKind
from .sequence import FORGED, Fault, Steps, genuine_events, good_day, inversions, steps_to_text
from .shrink import shrink

ATTEMPTS_MAX = 5
"""As many as a delivery has."""

# A delivery without an answer is one more fault, which is not of the sequence: a busy machine.
PLAYS_MAX = 3
UNANSWERED = frozenset({Fault.LOST, Fault.ANSWER_LOST})


class Payments(Protocol):
    """Where fresh payments come from."""

    async def next(self) -> PlayedPayment:
        """Return a payment that was not returned before; all have the same types of events."""
        ...


def _quiet(_line: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class ChaosOptions:
    """What is played, and how.

    Args:
        plan: Which sequences.
        events: Filters such as ``payment.*``: the events that the handler receives; empty for all.
        only: Play only this sequence, and the good day of its events.
        at_once: How many sequences are played at the same time.
        settle_s: How long after the last delivery the books are judged, in seconds.
        progress: Receives a line for each group of sequences.
    """

    plan: PlanOptions = field(default_factory=PlanOptions)
    events: tuple[str, ...] = ()
    only: Steps | None = None
    at_once: int = 4
    settle_s: float = 0.0
    progress: Callable[[str], None] = _quiet


@dataclass
class ChaosRun:
    """One run.

    Args:
        payments: Makes payments.
        handler: Receives their events.
        check: Knows the shop's books.
        options: What is played.
    """

    payments: Payments
    handler: Handler
    check: Check
    options: ChaosOptions = field(default_factory=ChaosOptions)
    _happened: list[str] = field(default_factory=list)
    _good_days: dict[frozenset[str], bool] = field(default_factory=dict)

    async def run(self) -> ChaosReport:
        """Play everything and return the report.

        Raises:
            OperatorError: No payment can be made, or the check does not work.
            ValueError: The filters match no event, or the sequence has one that is not played.
        """
        began_s = time.monotonic()
        first = await self.payments.next()
        self._happened = [
            type for type in first.events if matches(self.options.events or ("*",), type)
        ]
        planned = self._plan()
        report = ChaosReport(
            seed=self.options.plan.seed,
            events=tuple(self._happened),
            orders_possible=orders_possible(self._happened),
        )
        for group, sequences in groupby(planned, key=lambda each: each.group):
            await self._play_group(group, [each.sequence for each in sequences], report)
            if group is Group.GOOD_DAY and report.failures:
                # Nothing can be concluded from bad days.
                break
        report.took_s = time.monotonic() - began_s
        return report

    def _plan(self) -> list[Planned]:
        if not self._happened:
            raise ValueError("the filters match none of the payment's events")
        only = self.options.only
        if only is None:
            return plan(self._happened, self.options.plan)
        unknown = [step.event for step in only if step.event not in self._happened]
        if unknown:
            raise ValueError(
                f"there is no event {unknown[0]!r}; they are {', '.join(self._happened)}"
            )
        good = good_day(only, self._happened)
        first = [Planned(Group.GOOD_DAY, good)] if good and good != only else []
        return [*first, Planned(Group.REQUESTED, only)]

    async def _play_group(
        self, group: Group, sequences: Sequence[Steps], report: ChaosReport
    ) -> None:
        places = asyncio.Semaphore(self.options.at_once)

        async def play(sequence: Steps) -> Played:
            async with places:
                return await self._play(group, sequence)

        async with asyncio.TaskGroup() as tasks:
            playing = [tasks.create_task(play(sequence)) for sequence in sequences]
        played = [task.result() for task in playing]
        report.played += played
        failed = [each for each in played if each.problem is not None]
        # What fails when it is mixed is explained by what fails alone.
        if failed and not (group is Group.MIXED and report.failures):
            clearest = min(failed, key=lambda each: inversions(each.sequence, self._happened))
            failure = await self._shrunk(clearest)
            report.failures.append(failure)
            # The other groups may take long.
            shown = steps_to_text(failure.smallest.sequence)
            self.options.progress(f"{failure.text}: {shown}")
        self.options.progress(report.line_of(group))

    async def _play(self, group: Group, sequence: Steps) -> Played:
        for _ in range(PLAYS_MAX):
            payment = await self.payments.next()
            outcome = await self._deliver(sequence, payment)
            if outcome.is_as_planned:
                break
        genuine = genuine_events(sequence)
        if outcome.problem is None or outcome.problem.kind is ProblemKind.FORGERY:
            if self.options.settle_s:
                await asyncio.sleep(self.options.settle_s)
            question = ChaosQuestion(
                payment.payment_id,
                payment.order_id,
                steps_to_text(sequence),
                payment.books_after(genuine),
            )
            wrong = await self.check.ask(question)
            outcome = outcome.with_books(wrong)
        return Played(group, sequence, payment.payment_id, outcome.problem, outcome.answers)

    async def _deliver(self, sequence: Steps, payment: PlayedPayment) -> Outcome:
        """Send the steps, then again what was not accepted, as retries of deliveries would."""
        accepted: set[str] = set()
        outcome = Outcome()
        for step in sequence:
            answer = await self.handler.send(payment.events[step.event], step.fault)
            outcome.answers.append(f"{step} -> {answer.text}")
            outcome.is_as_planned &= answer.is_answered or step.fault in UNANSWERED
            if step.fault is None and answer.is_accepted:
                accepted.add(step.event)
            if step.fault in FORGED and answer.is_accepted:
                outcome.add(ProblemKind.FORGERY, f"{step} is accepted ({answer.text})")
        genuine = genuine_events(sequence)
        missing = {type: "" for type in self._happened if type in genuine - accepted}
        for _ in range(ATTEMPTS_MAX - 1):
            for type in tuple(missing):
                answer = await self.handler.send(payment.events[type], None)
                outcome.answers.append(f"{type} again -> {answer.text}")
                outcome.is_as_planned &= answer.is_answered
                missing[type] = answer.text
                if answer.is_accepted:
                    del missing[type]
        for type, text in missing.items():
            outcome.add(
                ProblemKind.REFUSED, f"{type} is not accepted in {ATTEMPTS_MAX} attempts ({text})"
            )
        if not outcome.is_as_planned and not missing:
            outcome.add(ProblemKind.REFUSED, f"there is no answer: {outcome.answers}")
        return outcome

    async def _shrunk(self, failed: Played) -> Failure:
        assert failed.problem is not None, "it failed"
        smallest = failed

        async def fails(sequence: Steps) -> bool:
            nonlocal smallest
            if not is_of(failed.group, sequence):
                return False
            if not await self._is_right_on_a_good_day(sequence):
                return False
            played = await self._play(failed.group, sequence)
            fails_alike = played.problem is not None and played.problem.kind is failed_kind
            if fails_alike:
                smallest = played
            return fails_alike

        failed_kind = failed.problem.kind
        if failed.group is not Group.GOOD_DAY:
            await shrink(failed.sequence, self._happened, fails)
        return Failure(smallest, found=failed)

    async def _is_right_on_a_good_day(self, sequence: Steps) -> bool:
        """Check that the failure is not due to events that are left out."""
        good = good_day(sequence, self._happened)
        events = genuine_events(good)
        if good == sequence:
            return False
        if not good:
            # Only forged deliveries: no event of the payment is genuine.
            return True
        if events not in self._good_days:
            played = await self._play(Group.GOOD_DAY, good)
            self._good_days[events] = played.problem is None
        return self._good_days[events]
