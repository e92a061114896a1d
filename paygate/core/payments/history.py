"""Counts of a merchant's past payments, for plugins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ..deps import Deps
from ..errors import PluginContractError
from ..limits import HISTORY_MAX
from ..plugin_api.history import HistoryQuestion, PaymentCounts, Same
from .model import Payment


@dataclass(frozen=True, slots=True)
class MerchantHistory:
    """Implements ``History``.

    Args:
        deps: The app.
        merchant_id: The merchant.
        payment: The current payment; None without one.
    """

    deps: Deps
    merchant_id: UUID
    payment: Payment | None = None

    async def payments(
        self, *, within: timedelta, same: Same = "instrument", currency: str | None = None
    ) -> PaymentCounts:
        if not isinstance(within, timedelta) or not timedelta(0) < within <= HISTORY_MAX:
            raise PluginContractError(f"asked for the payments within {within}")
        payment = self.payment
        if payment is None:
            if same != "merchant":
                raise PluginContractError(f"there is no payment to compare the {same} with")
            now = self.deps.clock.now()
            everything = HistoryQuestion(self.merchant_id, now - within, now, currency or "INR")
            return await self.deps.storage.payments.count(everything)
        return await self.deps.storage.payments.count(_like(payment, within, same, currency))


def _like(payment: Payment, within: timedelta, same: Same, currency: str | None) -> HistoryQuestion:
    is_instrument, is_order = same == "instrument", same == "order"
    if not is_instrument and not is_order and same != "merchant":
        raise PluginContractError(f"unknown value of same: {same!r}")
    return HistoryQuestion(
        merchant_id=payment.merchant_id,
        since=payment.created_at - within,
        until=payment.created_at,
        before_id=payment.id,
        currency=currency or payment.amount.currency,
        method=payment.instrument.method if is_instrument else None,
        display=payment.instrument.display if is_instrument else None,
        order_id=payment.order_id if is_order else None,
    )
