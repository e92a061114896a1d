"""Which pages may frame a merchant's checkout."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ..deps import Deps
from ..origins import well_formed


async def allow_origins(merchant_id: UUID, origins: Sequence[str], deps: Deps) -> Sequence[str]:
    """Allow these and no others; none of them: any page may. The origins as stored."""
    await deps.storage.merchants.set_origins(merchant_id, origins, at=deps.clock.now())
    return origins


async def origins_of_order(order_id: str, deps: Deps) -> Sequence[str] | None:
    """The pages that may frame its checkout; None where any may.

    A list that somebody set by SQL and that names no origin at all allows nobody.
    """
    return _checked(await deps.storage.merchants.origins_of_order(order_id))


async def origins_of_payment(payment_id: str, deps: Deps) -> Sequence[str] | None:
    """The same, of the order that a payment pays."""
    payment = await deps.storage.payments.get(payment_id)
    return await origins_of_order(payment.order_id, deps) if payment else None


def _checked(stored: Sequence[str]) -> Sequence[str] | None:
    return well_formed(stored) if stored else None
