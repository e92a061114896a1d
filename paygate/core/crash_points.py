"""Points before and after commits and outside calls, at which a test lets the process die."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

REQUEST_STEPS = ("before_commit", "after_commit")
"""A request, a callback or a payment is stored in one transaction."""
OPERATION_STEPS = ("after_claim", "after_sent", "after_call", "before_commit", "after_commit")
"""A worker claims an operation, stores that it is sent, calls the processor, and stores the
result."""
DELIVERY_STEPS = ("after_claim", "after_call", "after_commit")
"""A worker claims a delivery, calls the receiver, and stores the attempt."""

CRASH_POINTS = frozenset(
    f"{work}.{step}"
    for works, steps in (
        (("payment", "response", "callback"), REQUEST_STEPS),
        (("charge", "capture", "void", "refund"), OPERATION_STEPS),
        (("delivery",), DELIVERY_STEPS),
    )
    for work in works
    for step in steps
)
"""All names, such as ``charge.after_sent``."""


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """The point at which this process dies, the first time it gets there.

    Args:
        name: One of ``CRASH_POINTS``.
        die: Ends the process at once.
    """

    name: str
    die: Callable[[], None]

    def reach(self, step: str, *works: str) -> None:
        """Die if this is the point.

        Args:
            step: The step that is reached.
            works: What it is reached with: kinds of operations, or another kind of work.
        """
        if any(f"{work}.{step}" == self.name for work in works):
            self.die()
