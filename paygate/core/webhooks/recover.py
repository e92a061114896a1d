"""Resend deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ..accounts.model import Merchant
from ..deps import Deps
from ..errors import InvalidInputError, NotFoundError
from ..limits import RECOVER_ROWS_MAX, RECOVER_SAMPLE_ROWS
from .model import Delivery
from .store import Recovery


@dataclass(frozen=True, slots=True)
class Recovered:
    """The result of resending deliveries.

    Args:
        matching: Number of matching deliveries.
        resent: Number of them that are due now.
        sample: The oldest of those.
        next_since: Where to continue if there are more than one call resends.
    """

    dry_run: bool
    matching: int
    resent: int
    sample: Sequence[Delivery]
    next_since: datetime | None = None


async def recover_deliveries(recovery: Recovery, deps: Deps, *, dry_run: bool) -> Recovered:
    """Make matching deliveries due now, the oldest first, or only count them.

    Each keeps its event's id and body. Claimed deliveries are not changed; deliveries of
    disabled endpoints are held until the endpoint is enabled.

    Raises:
        InvalidInputError: ``until`` is not after ``since``.
    """
    if recovery.until <= recovery.since:
        raise InvalidInputError("until must be later than since", field="until")
    deliveries = deps.storage.deliveries
    matching, sample = await deliveries.matching(recovery, limit=RECOVER_SAMPLE_ROWS)
    if dry_run:
        return Recovered(True, matching, 0, sample)
    resent = await deliveries.recover(recovery, limit=RECOVER_ROWS_MAX, now=deps.clock.now())
    if resent:
        deps.notifier.notify("webhooks", str(resent[0].id))
    is_full = len(resent) == RECOVER_ROWS_MAX and matching > RECOVER_ROWS_MAX
    return Recovered(
        False,
        matching,
        len(resent),
        resent[:RECOVER_SAMPLE_ROWS],
        resent[-1].created_at if is_full else None,
    )


async def retry_delivery(merchant: Merchant, delivery_id: UUID, deps: Deps) -> None:
    """Reset the attempts of a delivery and make it due now, whatever its status.

    Raises:
        NotFoundError: No such delivery, or another merchant's.
    """
    found = await deps.storage.deliveries.retry(
        delivery_id, merchant_id=merchant.id, now=deps.clock.now()
    )
    if not found:
        raise NotFoundError("Webhook log")
    deps.notifier.notify("webhooks", str(delivery_id))
