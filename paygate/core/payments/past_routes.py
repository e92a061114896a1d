"""Past payments and the processors that were chosen for them, for dry runs of routers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ..plugin_api.routing import Health
from .model import Payment


@dataclass(frozen=True, slots=True)
class PastPayments:
    """Which past payments are read.

    Args:
        since: Created then or later.
        until: Created before that.
        merchant_id: Of this merchant; None for all.
        limit: At most so many, the newest ones.
    """

    since: datetime
    until: datetime
    merchant_id: UUID | None
    limit: int


@dataclass(frozen=True, slots=True)
class PastRoute:
    """A payment of the past and its route.

    Args:
        payment: The payment as it is now.
        chosen: The processor that was chosen first. Without a stored decision, the processor
            that has the payment now.
        health: Processor → its health as the routers saw it; empty without a stored decision.
    """

    payment: Payment
    chosen: str
    health: Mapping[str, Health]


class PastRouteRepository(Protocol):
    """Routes of past payments."""

    async def newest(self, wanted: PastPayments) -> Sequence[PastRoute]:
        """Return past payments, the newest first."""
        ...
