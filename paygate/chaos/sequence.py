"""Sequences of deliveries: which events a handler receives, in which order, with which faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong with a delivery."""

    LOST = "lost"
    ANSWER_LOST = "answer-lost"
    TAMPERED = "tampered"
    WRONG_KEY = "wrong-key"
    UNSIGNED = "unsigned"
    STALE = "stale"


FORGED = frozenset({Fault.TAMPERED, Fault.WRONG_KEY, Fault.UNSIGNED, Fault.STALE})
"""A handler must refuse these."""


@dataclass(frozen=True, slots=True)
class Step:
    """One delivery.

    Args:
        event: The type of the event; a payment has at most one event of a type here.
        fault: What goes wrong; None for a delivery that arrives as it was sent.
    """

    event: str
    fault: Fault | None = None

    @property
    def is_genuine(self) -> bool:
        """Whether paygate itself would send it."""
        return self.fault not in FORGED

    def __str__(self) -> str:
        return self.event if self.fault is None else f"{self.event}:{self.fault}"


Steps = tuple[Step, ...]


def steps(*events: str) -> Steps:
    """Return deliveries without faults."""
    return tuple(map(Step, events))


def parse_steps(text: str) -> Steps:
    """Parse steps with spaces between: ``payment.success payment.success:answer-lost``.

    Raises:
        ValueError: There is no step, or a fault does not exist; the message is a sentence.
    """
    parsed = []
    for word in text.replace(",", " ").split():
        event, colon, fault = word.partition(":")
        if colon and fault not in set(Fault):
            raise ValueError(f"there is no fault {fault!r}; they are {', '.join(Fault)}")
        parsed.append(Step(event, Fault(fault) if colon else None))
    if not parsed:
        raise ValueError("the sequence has no step")
    return tuple(parsed)


def steps_to_text(sequence: Iterable[Step]) -> str:
    """Return the text that ``parse_steps`` reads."""
    return " ".join(map(str, sequence))


def genuine_events(sequence: Iterable[Step]) -> frozenset[str]:
    """Return the events that paygate itself would deliver in this sequence."""
    return frozenset(step.event for step in sequence if step.is_genuine)


def good_day(sequence: Iterable[Step], happened: Sequence[str]) -> Steps:
    """Return the same events, each once, in the order in which they happened."""
    genuine = genuine_events(sequence)
    return steps(*(event for event in happened if event in genuine))


def has_duplicates(sequence: Iterable[Step]) -> bool:
    """Check whether an event is received more than once."""
    received = [step for step in sequence if step.is_genuine and step.fault is not Fault.LOST]
    # An event whose answer was lost is sent again.
    is_sent_again = any(step.fault is Fault.ANSWER_LOST for step in received)
    return is_sent_again or len(received) > len({step.event for step in received})


def inversions(sequence: Sequence[Step], happened: Sequence[str]) -> int:
    """Count the pairs of deliveries that are not in the order in which they happened."""
    rank = {event: place for place, event in enumerate(happened)}
    places = [rank[step.event] for step in sequence if step.is_genuine]
    return sum(
        earlier > later for place, earlier in enumerate(places) for later in places[place + 1 :]
    )
