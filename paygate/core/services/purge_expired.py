"""Housekeeping: forgetting what has expired."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..domain.limits import SEALED_MAX, WORKER_FORGOTTEN_AFTER
from .deps import Deps
from .reseal import reseal

ROWS_MAX = 1000
"""Forgotten at a time, so that no lock is held for long."""


async def keep_house(deps: Deps) -> None:
    """Delete what has expired, and seal stored secrets for the keys of now."""
    await purge_expired(deps)
    await reseal(deps)


async def purge_expired(deps: Deps) -> int:
    """Forget expired answers, sessions and sent cards, and old calls and callbacks; how many."""
    now, house = deps.clock.now(), deps.storage.housekeeping
    await deps.storage.workers.forget(gone_for=WORKER_FORGOTTEN_AFTER)
    # Sessions come to their ends in real time.
    await _all(lambda: deps.storage.sessions.purge(limit=ROWS_MAX))
    if deps.keep_events is not None:
        kept_since = now - deps.keep_events
        await _all(lambda: house.purge_events(before=kept_since, limit=ROWS_MAX))
    await _all(lambda: house.erase_sealed(before=now - SEALED_MAX, limit=ROWS_MAX))
    before = now - deps.keep_calls
    return sum(
        [
            await _all(lambda: deps.storage.idempotency.purge(now=now, limit=ROWS_MAX)),
            await _all(lambda: house.purge_calls(before=before, limit=ROWS_MAX)),
            await _all(lambda: house.purge_callbacks(before=before, limit=ROWS_MAX)),
        ]
    )


async def _all(purge: Callable[[], Awaitable[int]]) -> int:
    purged = 0
    while True:
        count = await purge()
        purged += count
        if count < ROWS_MAX:
            return purged
