"""Delete old rows: a few at a time, by one worker, going on where the last run stopped."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..deps import Deps
from ..errors import InfrastructureError
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

# A statement that the database ended may have looked at too many rows: the next one looks at a
# much shorter period. After so many in a row, the kind of rows is left to the next run.
SHORTER_AFTER_ERROR = 16
ERRORS_MAX = 8

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
    run = _Run(owner, deps, time.monotonic() + RUN_MAX_S)
    try:
        for kind, keep in deps.policy.retention.periods().items():
            try:
                await run.purge(kind, before=deps.clock.now() - keep)
            except InfrastructureError as error:
                log.warning("old %s were not deleted, the next run goes on: %s", kind, error)
    except _LeaseLostError:
        log.warning("another worker deletes old rows now")
    finally:
        await retention.end(owner)
    if run.purged:
        log.info("deleted %d old row(s)", run.purged)
    return run.purged


class _LeaseLostError(Exception):
    """Another worker has taken the lease."""


@dataclass(slots=True)
class _Run:
    """One run: the owner of its lease, when it ends, and how many rows it has deleted."""

    owner: str
    deps: Deps
    ends_at_s: float
    purged: int = 0

    async def purge(self, kind: OldRows, *, before: datetime) -> None:
        """Delete rows of a kind that are older than ``before``, oldest first."""
        retention, now = self.deps.storage.retention, self.deps.clock.now()
        progress = await retention.progress(kind)
        if progress is None or not now - BEGIN_AGAIN_AFTER < progress.began_at <= now:
            progress = PurgeProgress(BEGINNING, now)
        period, errors = PERIOD_MAX, 0
        while progress.position < before and time.monotonic() < self.ends_at_s:
            until = min(progress.position + period, before)
            period = until - progress.position
            began_s = time.monotonic()
            try:
                count = await retention.purge(kind, progress.position, until, limit=ROWS_MAX)
            except InfrastructureError:
                errors += 1
                if errors > ERRORS_MAX:
                    raise
                period = max(period / SHORTER_AFTER_ERROR, PERIOD_MIN)
                continue
            took_s, errors = time.monotonic() - began_s, 0
            self.purged += count
            if count < ROWS_MAX:
                progress = PurgeProgress(until, progress.began_at)
            if not await retention.save(kind, progress, self.owner):
                raise _LeaseLostError
            period = _next_period(period, took_s, is_full=count == ROWS_MAX)
            # Pause as long as the statement took, so that deletion uses at most half of the time.
            await asyncio.sleep(took_s)


def _next_period(period: timedelta, took_s: float, *, is_full: bool) -> timedelta:
    if took_s > SLOW_S or is_full:
        return max(period / 2, PERIOD_MIN)
    return min(period * 2, PERIOD_MAX) if took_s < FAST_S else period
