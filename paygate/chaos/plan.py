"""Which sequences are played: the same for the same events and seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations
from math import factorial
from random import Random

from .sequence import FORGED, Fault, Step, Steps, has_duplicates, inversions, steps

# So many orders are made and sorted; of more only a sample is made.
LISTED_ORDERS_MAX = 5040


class SignatureKind(StrEnum):
    """The signature that a handler verifies.

    ``standard`` signs the time of the attempt too; ``plain`` signs the body only.
    """

    STANDARD = "standard"
    PLAIN = "plain"


class Group(StrEnum):
    """The kinds of bad days."""

    GOOD_DAY = "good day"
    DUPLICATES = "duplicates"
    ORDERS = "orders"
    SIGNATURES = "signatures"
    MIXED = "mixed"
    REQUESTED = "requested"


@dataclass(frozen=True, slots=True)
class Planned:
    """A sequence to play, and the kind of bad day that it is."""

    group: Group
    sequence: Steps


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How much is played.

    Args:
        seed: Of everything that is chosen at random.
        orders_max: At most so many orders of the events; fewer than all are a sample.
        mixed: So many sequences with several faults at once.
        signature: The signature that the handler verifies. Without a signed time there is no
            stale signature.
    """

    seed: int = 1
    orders_max: int = 120
    mixed: int = 40
    signature: SignatureKind = SignatureKind.STANDARD

    @property
    def forgeries(self) -> tuple[Fault, ...]:
        """What the handler must refuse, in the order of ``Fault``."""
        return tuple(
            fault
            for fault in Fault
            if fault in FORGED
            and (fault is not Fault.STALE or self.signature is SignatureKind.STANDARD)
        )


def plan(happened: Sequence[str], options: PlanOptions) -> list[Planned]:
    """Return the sequences, the good day first, and each of them once.

    Args:
        happened: The types of the payment's events, in the order in which they happened.
        options: How much.
    """
    rng = Random(options.seed)
    groups: dict[Group, Iterable[Steps]] = {
        Group.GOOD_DAY: [steps(*happened)],
        Group.DUPLICATES: _duplicates(happened),
        Group.ORDERS: _orders(happened, options.orders_max, rng),
        Group.SIGNATURES: _forgeries(happened, options.forgeries),
        Group.MIXED: (_mixed(happened, options.forgeries, rng) for _ in range(options.mixed)),
    }
    planned: dict[Steps, Planned] = {}
    for group, sequences in groups.items():
        for sequence in sequences:
            planned.setdefault(sequence, Planned(group, sequence))
    return list(planned.values())


def is_of(group: Group, sequence: Steps) -> bool:
    """Check whether a smaller sequence still is the kind of bad day that a group is."""
    match group:
        case Group.DUPLICATES:
            return has_duplicates(sequence)
        case Group.SIGNATURES:
            return any(step.fault in FORGED for step in sequence)
        case _:
            return True


def orders_possible(happened: Sequence[str]) -> int:
    """Return how many orders of the events there are."""
    return factorial(len(happened))


def _duplicates(happened: Sequence[str]) -> Iterator[Steps]:
    natural = steps(*happened)
    for place, step in enumerate(natural):
        yield (*natural[: place + 1], step, *natural[place + 1 :])
    for step in natural:
        yield (*natural, step)
    for place, step in enumerate(natural):
        lost = Step(step.event, Fault.ANSWER_LOST)
        yield (*natural[:place], lost, step, *natural[place + 1 :])
        # Sent again after the others.
        yield (*natural[:place], lost, *natural[place + 1 :])
    yield (*natural, *natural)
    yield tuple(step for each in natural for step in (each, each))


def _orders(happened: Sequence[str], orders_max: int, rng: Random) -> Iterator[Steps]:
    natural = steps(*happened)
    for place, step in enumerate(natural):
        lost = Step(step.event, Fault.LOST)
        yield (*natural[:place], lost, *natural[place + 1 :])
    yield tuple(Step(step.event, Fault.LOST) for step in natural)
    if orders_possible(happened) <= LISTED_ORDERS_MAX:
        every = list(permutations(natural))
        chosen = every if len(every) <= orders_max else rng.sample(every, orders_max)
    else:
        chosen = [tuple(rng.sample(natural, len(natural))) for _ in range(orders_max)]
    # The smallest disorder first.
    yield from sorted(chosen, key=lambda order: inversions(order, happened))


def _forgeries(happened: Sequence[str], forgeries: Sequence[Fault]) -> Iterator[Steps]:
    natural = steps(*happened)
    for place, step in enumerate(natural):
        for fault in forgeries:
            yield (*natural[:place], Step(step.event, fault), *natural[place:])
    for step in natural:
        for fault in set(forgeries) & {Fault.STALE}:
            # An old copy of what was processed.
            yield (*natural, Step(step.event, fault))


def _mixed(happened: Sequence[str], forgeries: Sequence[Fault], rng: Random) -> Steps:
    made = list(steps(*rng.sample(happened, len(happened))))
    for step in rng.choices(made, k=rng.randint(1, 2)):
        made.insert(rng.randint(made.index(step) + 1, len(made)), step)
    place = rng.randrange(len(made))
    made[place] = Step(made[place].event, rng.choice((Fault.LOST, Fault.ANSWER_LOST)))
    forged = Step(rng.choice(happened), rng.choice(forgeries))
    made.insert(rng.randint(0, len(made)), forged)
    return tuple(made)
