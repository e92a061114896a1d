"""What will happen, from a seed: the orders, the bank's behaviour, and the faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Flow = Literal["asked", "blind"]
"""``asked``: the bank can be queried, and an operation has one effect. ``blind``: neither."""
Payer = Literal[
    "approves",
    "rejects",
    "approves and returns",
    "returns first",
    "cancels",
    "cancels while approving",
    "leaves",
]
"""What the shopper does when the bank asks. To return is to come back to the shop's page."""
FollowUps = Literal["nothing", "refund", "refund in parts", "capture", "capture in parts", "void"]

# What the bank does with a charge; see bank.py. "unsent" only where the bank can be asked:
# there is no way to find out that a blind bank has received nothing.
CHARGES: dict[Flow, Sequence[str]] = {
    "asked": ("approve",) * 5
    + ("decline", "late", "lost", "junk", "unsent", "callback", "twice", "hang")
    + ("ask",) * 3,
    "blind": ("approve",) * 4
    + ("decline", "late", "lost", "junk", "callback", "twice", "ask", "ask"),
}
PAYERS: Sequence[Payer] = (
    *("approves", "approves and returns", "returns first", "cancels while approving") * 2,
    "rejects",
    "cancels",
    "leaves",
)
LATER: dict[Flow, Sequence[str]] = {
    "asked": ("approve", "approve", "late", "lost", "junk", "decline"),
    "blind": ("approve", "approve", "late", "lost", "junk", "decline"),
}
AUTOMATIC: Sequence[FollowUps] = ("nothing", "nothing", "refund", "refund in parts")
MANUAL: Sequence[FollowUps] = ("capture", "capture in parts", "void")


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order, and what its merchant and its bank do.

    Args:
        number: Counts from 0.
        amount: In minor units.
        flow: The kind of bank.
        charge: What the bank does with the charge.
        later: What it does with captures, voids and refunds.
        follow_up: What the merchant does when the payment has succeeded or is authorized.
        copies: How many identical requests the merchant sends at the same time.
        payer: What the shopper does if the bank asks.
    """

    number: int
    amount: int
    flow: Flow
    charge: str
    later: str
    follow_up: FollowUps
    copies: int
    payer: Payer

    @property
    def is_manual(self) -> bool:
        """Whether its money is captured by the merchant."""
        return self.follow_up in MANUAL


def purchases(seed: int) -> Iterator[Purchase]:
    """Yield purchases without end."""
    rng, number = Random(f"purchases {seed}"), 0
    payers = Random(f"payers {seed}")
    while True:
        flow: Flow = rng.choice(("asked", "asked", "blind"))
        is_manual = rng.random() < 0.25
        yield Purchase(
            number=number,
            amount=rng.randrange(10_000, 90_000, 100),
            flow=flow,
            charge=rng.choice(CHARGES[flow]),
            later=rng.choice(LATER[flow]),
            follow_up=rng.choice(MANUAL if is_manual else AUTOMATIC),
            copies=2 if rng.random() < 0.1 else 1,
            payer=payers.choice(PAYERS),
        )
        number += 1


# Name → how often, and how long it lasts in seconds.
FAULTS: dict[str, tuple[int, tuple[float, float]]] = {
    "kill a worker": (6, (0.1, 1.0)),
    "kill an API": (4, (0.1, 0.6)),
    "stop a worker": (3, (0.1, 0.5)),
    "stop an API": (2, (0.1, 0.5)),
    "freeze a worker": (4, (1.0, 5.0)),
    # Longer than a lease: what it writes afterwards must be refused.
    "freeze a worker beyond its leases": (1, (17.0, 20.0)),
    "freeze an API": (2, (0.5, 3.0)),
    "kill Redis": (2, (0.3, 2.0)),
    "freeze Redis": (2, (1.0, 4.0)),
    "flush Redis": (3, (0.0, 0.0)),
    "restart PostgreSQL at once": (1, (0.0, 0.0)),
    "restart PostgreSQL": (1, (0.0, 0.0)),
    "terminate connections": (3, (0.0, 0.0)),
    "reset the network to PostgreSQL": (3, (0.0, 0.0)),
    "lose the network to PostgreSQL": (2, (0.5, 3.0)),
    "reset the network to Redis": (1, (0.0, 0.0)),
    "lose the network to Redis": (2, (1.0, 4.0)),
    "make PostgreSQL read-only": (1, (0.5, 2.5)),
}
BETWEEN_S = (0.6, 2.6)


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault, and when it begins after the start.

    Args:
        target: Chooses among several processes.
    """

    at_s: float
    name: str
    target: int
    lasts_s: float


FAIL_OVER = "fail over"
FAIL_OVERS = 2
# With a standby PostgreSQL only fails over: a restart or a read-only session is another matter.
ONE_SERVER = frozenset(
    {
        "restart PostgreSQL at once",
        "restart PostgreSQL",
        "make PostgreSQL read-only",
        "reset the network to PostgreSQL",
        "lose the network to PostgreSQL",
    }
)


def faults(seed: int, seconds: float, *, has_standby: bool = False) -> Sequence[PlannedFault]:
    """Return the faults of a run of that length.

    Args:
        seed: Of the plan.
        seconds: The length.
        has_standby: Whether PostgreSQL fails over, twice.
    """
    rng = Random(f"faults {seed}")
    names = [
        name
        for name, (weight, _) in FAULTS.items()
        for _ in range(weight)
        if not (has_standby and name in ONE_SERVER)
    ]
    planned, at_s = list[PlannedFault](), rng.uniform(*BETWEEN_S)
    if has_standby:
        planned = [
            PlannedFault(seconds * (number + 0.5) / FAIL_OVERS, FAIL_OVER, 0, 0.0)
            for number in range(FAIL_OVERS)
        ]
    while at_s < seconds:
        name = rng.choice(names)
        lasts_s = rng.uniform(*FAULTS[name][1])
        # All faults end within the run; what comes after it is the audit.
        if at_s + lasts_s < seconds:
            planned.append(PlannedFault(at_s, name, rng.randrange(6), lasts_s))
        at_s += rng.uniform(*BETWEEN_S)
    return planned
