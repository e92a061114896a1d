"""Housekeeping: forgetting what has expired."""

from __future__ import annotations

from .deps import Deps

ROWS_MAX = 1000
"""Forgotten at a time, so that no lock is held for long."""


async def purge_expired(deps: Deps) -> int:
    """Forget expired answers; how many."""
    purged = 0
    while True:
        count = await deps.storage.idempotency.purge(now=deps.clock.now(), limit=ROWS_MAX)
        purged += count
        if count < ROWS_MAX:
            return purged
