"""Counts of past payments, for plugins.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

Same = Literal["instrument", "order", "merchant"]
"""What the counted payments have in common with the current one."""


@dataclass(frozen=True, slots=True)
class PaymentCounts:
    """Counts of some payments.

    Args:
        payments: Number of payments of any status.
        succeeded: Number of successful payments.
        failed: Number of failed payments.
        amount_minor: The sum of payments that have not failed, in minor units of the currency.
        is_bounded: There were more than ``HISTORY_ROWS_MAX``; only so many were counted.
    """

    payments: int
    succeeded: int
    failed: int
    amount_minor: int
    is_bounded: bool = False


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """The payments to count.

    Args:
        merchant_id: Of this merchant.
        since: Start of the period, in UTC.
        until: End of the period, in UTC.
        before_id: At the end of the period, only ids that sort before it; empty for all.
        currency: The currency of the sum.
        display: Only instruments with this display; None for any.
        method: The payment method of those instruments.
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
    """The payments of one merchant, as counts."""

    async def payments(
        self, *, within: timedelta, same: Same = "instrument", currency: str | None = None
    ) -> PaymentCounts:
        """Count recent payments.

        For a risk check these are the payments that were created *before* the current one, so
        that of concurrent payments the later ones count the earlier.

        Args:
            within: The length of the period; at most ``HISTORY_MAX``.
            same: ``instrument`` counts payments with the same displayed instrument: for a
                card these are the network and the last four digits, which another card
                may share.
            currency: Of the sum; None for the currency of the current payment, or INR.

        Raises:
            PluginContractError: An argument is not valid here.
        """
        ...
