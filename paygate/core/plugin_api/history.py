"""What was paid before: the one question about the past that a plugin may ask.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

Same = Literal["instrument", "order", "merchant"]
"""What the payments that are counted have in common with the one at hand."""


@dataclass(frozen=True, slots=True)
class PaymentCounts:
    """Some payments, counted.

    Args:
        payments: How many, whatever became of them.
        succeeded: How many of them succeeded.
        failed: How many of them failed.
        amount_minor: The sum of those not failed, in minor units of the currency at hand.
        is_bounded: There were more than ``HISTORY_ROWS_MAX``; only those were counted.
    """

    payments: int
    succeeded: int
    failed: int
    amount_minor: int
    is_bounded: bool = False


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """Which payments are to be counted.

    Args:
        merchant_id: Whose.
        since: The oldest moment, in UTC.
        until: The newest, in UTC.
        before_id: Of that very moment, only ids that sort before it; empty for all.
        currency: Of the sum.
        display: Only instruments displayed like this; None for any.
        method: Of those instruments.
        order_id: Only of this order; None for any.
    """

    merchant_id: UUID
    since: datetime
    until: datetime
    currency: str
    before_id: str = ""
    method: str | None = None
    display: Mapping[str, str] | None = None
    order_id: str | None = None


class History(Protocol):
    """One merchant's payments, as far as the plugin may look."""

    async def payments(
        self, *, within: timedelta, same: Same = "instrument", currency: str | None = None
    ) -> PaymentCounts:
        """Count the payments made shortly before.

        For a risk check those are the payments that were made *before* the one at hand,
        so that of several that race each other exactly the later ones see the earlier.

        Args:
            within: How far back; ``HISTORY_MAX`` at most.
            same: ``instrument`` counts what the merchant took from an instrument that
                is displayed alike: of a card that is its network and last four digits,
                which another card may share.
            currency: Of the sum; None for that of the payment at hand, or INR.

        Raises:
            PluginContractError: It asked for more than there is to see here.
        """
        ...
