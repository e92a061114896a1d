"""What a run found: as text, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .plan import Group
from .sequence import FORGED, Steps, has_duplicates, inversions, steps_to_text


class ProblemKind(StrEnum):
    """What a handler did wrong."""

    BOOKS = "books"
    REFUSED = "refused"
    FORGERY = "forgery"


class Quality(StrEnum):
    """What a handler must be."""

    IDEMPOTENT = "idempotent"
    ORDER_PROOF = "order-proof"
    CHECKS_SIGNATURES = "checks signatures"


QUALITIES = {
    Group.DUPLICATES: Quality.IDEMPOTENT,
    Group.ORDERS: Quality.ORDER_PROOF,
    Group.SIGNATURES: Quality.CHECKS_SIGNATURES,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a sequence failed.

    Args:
        kind: The kind.
        text: A clause for people.
    """

    kind: ProblemKind
    text: str


@dataclass(slots=True)
class Outcome:
    """What happened during one sequence.

    Args:
        problem: Why it failed; None if all was right.
        answers: The deliveries and their answers.
        is_as_planned: Whether every delivery was answered that should be.
    """

    problem: Problem | None = None
    answers: list[str] = field(default_factory=list)
    is_as_planned: bool = True

    def add(self, kind: ProblemKind, text: str) -> None:
        """Add a problem; the first one names the kind."""
        if self.problem is None:
            self.problem = Problem(kind, text)
        else:
            self.problem = Problem(self.problem.kind, f"{self.problem.text}; {text}")

    def with_books(self, wrong: str | None) -> Outcome:
        """Return the outcome with what the check answered."""
        if wrong is not None:
            self.add(ProblemKind.BOOKS, wrong)
        return self


@dataclass(frozen=True, slots=True)
class Played:
    """A sequence that was played.

    Args:
        group: The kind of bad day.
        sequence: The steps.
        payment_id: Its payment.
        problem: Why it failed; None if all was right.
        answers: The deliveries and their answers.
    """

    group: Group
    sequence: Steps
    payment_id: str
    problem: Problem | None
    answers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure that was shrunk.

    Args:
        smallest: The smallest sequence that fails.
        found: The sequence that failed first.
    """

    smallest: Played
    found: Played

    @property
    def text(self) -> str:
        """What is wrong, as a clause."""
        assert self.smallest.problem is not None, "it failed"
        return self.smallest.problem.text

    def quality(self, happened: Sequence[str]) -> Quality | None:
        """Return what the handler is not; None if it fails on a good day."""
        sequence = self.smallest.sequence
        if self.found.group is Group.GOOD_DAY:
            return None
        if named := QUALITIES.get(self.found.group):
            return named
        if any(step.fault in FORGED for step in sequence):
            return Quality.CHECKS_SIGNATURES
        if has_duplicates(sequence) and not inversions(sequence, happened):
            return Quality.IDEMPOTENT
        return Quality.ORDER_PROOF


@dataclass(slots=True)
class ChaosReport:
    """The result of a run.

    Args:
        seed: Of what was chosen at random.
        events: The types of the events, in the order in which they happened.
        orders_possible: How many orders of them there are.
        played: Every sequence of the plan.
        failures: The first failure of each group, shrunk.
        took_s: Duration, in seconds.
    """

    seed: int
    events: tuple[str, ...]
    orders_possible: int
    played: list[Played] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether no sequence failed."""
        return not self.failures

    @property
    def groups(self) -> list[Group]:
        """The groups that were played, in order."""
        return list(dict.fromkeys(each.group for each in self.played))

    def of(self, group: Group) -> tuple[int, int]:
        """Return how many sequences of a group were played, and how many failed."""
        played = [each for each in self.played if each.group is group]
        return len(played), sum(each.problem is not None for each in played)

    @property
    def orders_played(self) -> int:
        """How many different orders of all events were played, without other faults."""
        whole = {
            each.sequence
            for each in self.played
            if len(each.sequence) == len(self.events) == len({*each.sequence})
            and all(step.fault is None for step in each.sequence)
        }
        return len(whole)

    @property
    def summary(self) -> str:
        """How much was played, in one line."""
        orders = f"{self.orders_played} of {self.orders_possible} orders"
        return (
            f"{len(self.played)} sequences, {orders} of {len(self.events)} events, "
            f"seed {self.seed}, {self.took_s:.1f} s"
        )

    def verdict(self, quality: Quality) -> bool | None:
        """Return whether the handler has a quality; None if that was not judged."""
        if any(failure.quality(self.events) is quality for failure in self.failures):
            return False
        judged = {QUALITIES.get(group) for group in self.groups}
        return True if quality in judged else None

    def line_of(self, group: Group) -> str:
        """Return a line about a group."""
        played, wrong = self.of(group)
        result = f"{wrong} wrong" if wrong else "right"
        return f"{group:12} {played:4}  {result}"

    def as_text(self, repeats: Sequence[str] = ()) -> str:
        """Return the report for people.

        Args:
            repeats: For each failure the command that repeats it.
        """
        lines = [self.summary, *(self.line_of(group) for group in self.groups)]
        for quality in Quality:
            shown = {True: "yes", False: "NO", None: "not judged"}[self.verdict(quality)]
            lines.append(f"{quality + ':':19} {shown}")
        for place, failure in enumerate(self.failures):
            lines += ["", f"{failure.found.group}: {failure.text}"]
            steps = enumerate(failure.smallest.sequence, start=1)
            lines += [f"  {number}. {step}" for number, step in steps]
            lines += [f"  repeat: {repeat}" for repeat in repeats[place : place + 1]]
        return "\n".join(lines)

    def as_json(self, repeats: Sequence[str] = ()) -> dict[str, Any]:
        """Return the report as plain JSON; see ``as_text``."""
        return {
            "is_right": self.is_right,
            "idempotent": self.verdict(Quality.IDEMPOTENT),
            "order_proof": self.verdict(Quality.ORDER_PROOF),
            "checks_signatures": self.verdict(Quality.CHECKS_SIGNATURES),
            "seed": self.seed,
            "events": list(self.events),
            "orders": {"played": self.orders_played, "possible": self.orders_possible},
            "groups": [
                {"name": str(group), "played": played, "wrong": wrong}
                for group in self.groups
                for played, wrong in [self.of(group)]
            ],
            "failures": [
                {
                    "group": str(failure.found.group),
                    "quality": failure.quality(self.events),
                    "problem": failure.text,
                    "sequence": [str(step) for step in failure.smallest.sequence],
                    "payment_id": failure.smallest.payment_id,
                    "found_in": steps_to_text(failure.found.sequence),
                    "repeat": repeats[place] if place < len(repeats) else None,
                }
                for place, failure in enumerate(self.failures)
            ],
            "took_s": round(self.took_s, 2),
        }
