"""The origins of pages that may frame a merchant's checkout."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ..deps import Deps
from ..origins import well_formed


async def allow_origins(merchant_id: UUID, origins: Sequence[str], deps: Deps) -> Sequence[str]:
    """Replace the allowed origins; an empty list allows any page. Return the stored origins."""
    await deps.storage.merchants.set_origins(merchant_id, origins, at=deps.clock.now())
    return origins


async def origins_of_order(order_id: str, deps: Deps) -> Sequence[str] | None:
    """Return the origins that may frame the order's checkout; None if any may.

    A list that was stored with SQL and contains no valid origin allows no page.
    """
    return _checked(await deps.storage.merchants.origins_of_order(order_id))


async def origins_of_payment(payment_id: str, deps: Deps) -> Sequence[str] | None:
    """Return the origins that may frame the payment's checkout; None if any may."""
    payment = await deps.storage.payments.get(payment_id)
    return await origins_of_order(payment.order_id, deps) if payment else None


def _checked(stored: Sequence[str]) -> Sequence[str] | None:
    return well_formed(stored) if stored else None
