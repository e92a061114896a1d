"""A merchant was away and wants what it missed, or wants it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..domain.delivery import Delivery
from ..domain.errors import InvalidInputError
from ..domain.limits import RECOVER_ROWS_MAX, RECOVER_SAMPLE_ROWS
from ..ports.delivery_records import Recovery
from .deps import Deps


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
