"""Let requests wait until a payment has a next action or an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from ..limits import PAYMENT_WAITS_MAX
from .model import Payment

POLL_S = 0.1
"""Reads of concurrent requests share one statement, so this costs one statement each time."""
IN_PROGRESS = frozenset({"pending", "processing", "unknown", "capturing", "voiding"})


class PaymentWaits:
    """The requests of one process that wait.

    They hold no connection to the database, and read the payment again and again: what another
    process has stored is seen without a notification, which could be lost.

    Args:
        is_stopping: Whether the process is stopping; then no request waits any longer.
    """

    def __init__(self, is_stopping: Callable[[], bool]) -> None:
        self._is_stopping = is_stopping
        self._count = 0

    async def payment(self, read: Callable[[], Awaitable[Payment]], *, within_s: float) -> Payment:
        """Return a payment that waits for its shopper or is not in progress.

        Args:
            read: Reads the payment.
            within_s: How long to wait, in seconds of real time. After that, or if too many
                requests wait already, the payment is returned as it is.
        """
        payment, until_s = await read(), monotonic() + within_s
        if self._count >= PAYMENT_WAITS_MAX:
            return payment
        self._count += 1
        try:
            while _is_in_progress(payment) and not self._is_stopping():
                left_s = until_s - monotonic()
                if left_s <= 0:
                    break
                await asyncio.sleep(min(POLL_S, left_s))
                payment = await read()
            return payment
        finally:
            self._count -= 1


def _is_in_progress(payment: Payment) -> bool:
    return payment.next_action is None and payment.status in IN_PROGRESS
