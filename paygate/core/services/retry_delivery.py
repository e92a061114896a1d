"""A merchant wants a webhook sent again."""

from __future__ import annotations

from uuid import UUID

from ..domain.errors import NotFoundError
from ..domain.merchant import Merchant
from .deps import Deps


async def retry_delivery(merchant: Merchant, delivery_id: UUID, deps: Deps) -> None:
    """Make the delivery due now, whatever became of it, with all its tries before it.

    Raises:
        NotFoundError: No such delivery, or another merchant's.
    """
    found = await deps.storage.deliveries.retry(
        delivery_id, merchant_id=merchant.id, now=deps.clock.now()
    )
    if not found:
        raise NotFoundError("Webhook log")
    deps.notifier.notify("webhooks", str(delivery_id))
