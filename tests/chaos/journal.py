"""The journal of what the gateway has acknowledged to merchants and shoppers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .plan import Purchase

CREATED, OK, CONFLICT, UNAVAILABLE = 201, 200, 409, 503


@dataclass
class Journal:
    """What merchants sent, and what was acknowledged.

    Attributes:
        statuses: How many responses had each status.
        orders: Ids of orders whose creation was acknowledged.
        payments: Payment id → its purchase, and the key of its request.
        refunds: Refund id → its payment.
        captures: Requests for a capture that were acknowledged, by payment.
        voids: The same for releases of the hold.
        cancelled: Payments whose shopper's cancellation was acknowledged.
        broken_promises: What no gateway may do, such as two responses to one key.
        created_s: When something was created, on the monotonic clock.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    orders: set[str] = field(default_factory=set)
    payments: dict[str, Purchase] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    captures: Counter[str] = field(default_factory=Counter)
    voids: Counter[str] = field(default_factory=Counter)
    cancelled: set[str] = field(default_factory=set)
    broken_promises: list[str] = field(default_factory=list)
    created_s: list[float] = field(default_factory=list)
