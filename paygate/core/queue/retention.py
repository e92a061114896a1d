"""Delete old rows: a few at a time, by one worker, going on where the last run stopped."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta

from ..deps import Deps
from .store import OldRows, PurgeProgress

log = logging.getLogger(__name__)

# Rows that one statement deletes. They are locked until it ends.
ROWS_MAX = 250

# After a statement that took longer, the next ones look at a shorter period; after a fast one at
# a longer period.
SLOW_S = 0.05
FAST_S = 0.02
PERIOD_MIN = timedelta(milliseconds=1)
PERIOD_MAX = timedelta(days=36_500)

# A run ends after so long, and the next run goes on.
RUN_MAX_S = 45.0

# Rows that were still needed are looked at again after so long.
BEGIN_AGAIN_AFTER = timedelta(days=1)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


async def purge_old_rows(deps: Deps) -> int:
    """Delete rows that are older than the settings say; return how many.

    Only one worker does it at a time; the others return at once.
    """
    retention, owner = deps.storage.retention, str(deps.ids.uuid())
    if not await retention.begin(owner):
        return 0
    purged, ends_at_s = 0, time.monotonic() + RUN_MAX_S
    try:
        for kind, keep in deps.policy.retention.periods().items():
            purged += await _purge(kind, deps.clock.now() - keep, owner, deps, ends_at_s)
    finally:
        await retention.end(owner)
    if purged:
        log.info("deleted %d old row(s)", purged)
    return purged


async def _purge(kind: OldRows, before: datetime, owner: str, deps: Deps, ends_at_s: float) -> int:
    retention, now, purged = deps.storage.retention, deps.clock.now(), 0
    progress = await retention.progress(kind)
    if progress is None or not now - BEGIN_AGAIN_AFTER < progress.began_at <= now:
        progress = PurgeProgress(BEGINNING, now)
    period = PERIOD_MAX
    while progress.position < before and time.monotonic() < ends_at_s:
        until = min(progress.position + period, before)
        period = until - progress.position
        began_s = time.monotonic()
        count = await retention.purge(kind, progress.position, until, limit=ROWS_MAX)
        took_s = time.monotonic() - began_s
        purged += count
        if count < ROWS_MAX:
            progress = PurgeProgress(until, progress.began_at)
        if not await retention.save(kind, progress, owner):
            break
        period = _next_period(period, took_s, is_full=count == ROWS_MAX)
        # Half of the time belongs to others.
        await asyncio.sleep(took_s)
    return purged


def _next_period(period: timedelta, took_s: float, *, is_full: bool) -> timedelta:
    if took_s > SLOW_S or is_full:
        return max(period / 2, PERIOD_MIN)
    return min(period * 2, PERIOD_MAX) if took_s < FAST_S else period
