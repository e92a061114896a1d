"""Send deliveries again."""

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
    """What came of it.

    Args:
        matching: How many there were.
        resent: How many of them are due now.
        sample: The oldest of those.
        next_since: Where to go on if there were more than one call sends.
    """

    dry_run: bool
    matching: int
    resent: int
    sample: Sequence[Delivery]
    next_since: datetime | None = None


async def recover_deliveries(recovery: Recovery, deps: Deps, *, dry_run: bool) -> Recovered:
    """Make them due now, the oldest first and a bounded number of them, or only look.

    Each keeps its event's id and body. What a worker holds at this moment is left
    alone; what goes to a disabled endpoint is held until it is enabled.

    Raises:
        InvalidInputError: The time ends before it begins.
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
