"""Where a payment stands, and what can happen to it there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from .errors import InvalidTransitionError

PaymentStatus = Literal[
    "pending",
    "processing",
    "unknown",
    "authorized",
    "capturing",
    "voiding",
    "success",
    "failed",
    "cancelled",
]
Action = Literal[
    "process",
    "resume",
    "lose",
    "approve",
    "hold",
    "decline",
    "capture",
    "void",
    "release",
    "revive",
]

TRANSITIONS: Mapping[PaymentStatus, Mapping[Action, PaymentStatus]] = {
    # Without "processing" in between: it was stopped or set aside before anyone was asked.
    "pending": {"process": "processing", "decline": "failed", "lose": "unknown"},
    "processing": {
        "approve": "success",
        "hold": "authorized",
        "decline": "failed",
        "lose": "unknown",
    },
    "unknown": {
        "approve": "success",
        "hold": "authorized",
        "decline": "failed",
        "resume": "processing",
    },
    # The money of a manual order is held; the merchant takes it or lets it go.
    # The processor may let go of it by itself: "release", or "approve" if some was taken.
    "authorized": {
        "capture": "capturing",
        "void": "voiding",
        "release": "cancelled",
        "approve": "success",
    },
    # "hold": the processor would not, or some of the money is held still.
    # "release": it would not, and the hold has ended meanwhile.
    "capturing": {"approve": "success", "hold": "authorized", "release": "cancelled"},
    "voiding": {"release": "cancelled", "approve": "success", "hold": "authorized"},
    "success": {},
    # Late success: the processor had the money after all, or holds it.
    "failed": {"revive": "success", "hold": "authorized"},
    "cancelled": {},
}
"""Status → action → next status. The database's trigger holds the same table."""

DECIDED: frozenset[PaymentStatus] = frozenset({"success", "failed", "cancelled"})
LIVE: frozenset[PaymentStatus] = frozenset(TRANSITIONS) - {"failed", "cancelled"}
"""While a payment is one of these, its order takes no other."""


def next_status(status: PaymentStatus, action: Action) -> PaymentStatus:
    """Where the action leads.

    Raises:
        InvalidTransitionError: Nowhere from here.
    """
    after = TRANSITIONS[status].get(action)
    if after is None:
        raise InvalidTransitionError(thing="payment", status=status, action=action)
    return after
