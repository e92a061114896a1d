"""Housekeeping: purge what has expired, and reseal secrets under the current key."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from ..deps import Deps
from ..errors import InfrastructureError
from ..limits import FIGURE_CHANGES_FOLDED, SEALED_MAX, WORKER_DELETED_AFTER
from .retention import purge_old_rows

log = logging.getLogger(__name__)

ROWS_MAX = 1000
"""Rows deleted by one statement, so that no lock is held for long."""


async def run_housekeeping(deps: Deps) -> None:
    """Delete expired rows, and reseal stored secrets with the current keys."""
    await purge_expired(deps)
    await reseal(deps)


async def purge_expired(deps: Deps) -> int:
    """Delete what has expired, sealed cards, and old rows; return how many rows."""
    now, housekeeping = deps.clock.now(), deps.storage.housekeeping
    await deps.storage.workers.forget(dead_for=WORKER_DELETED_AFTER)
    # Sessions expire in real time.
    await _all(lambda: deps.storage.sessions.purge(limit=ROWS_MAX))
    await _all(lambda: housekeeping.erase_sealed(before=now - SEALED_MAX, limit=ROWS_MAX))
    expired = await _all(lambda: deps.storage.idempotency.purge(now=now, limit=ROWS_MAX))
    expired += await _all(lambda: deps.storage.plugin_records.purge(now=now, limit=ROWS_MAX))
    return expired + await purge_old_rows(deps)


async def fold_figures(deps: Deps) -> None:
    """Add all stored changes to the figures."""
    while await deps.storage.figures.fold(limit=FIGURE_CHANGES_FOLDED) == FIGURE_CHANGES_FOLDED:
        pass


async def _all(purge: Callable[[], Awaitable[int]]) -> int:
    purged = 0
    while True:
        count = await purge()
        purged += count
        if count < ROWS_MAX:
            return purged


async def reseal(deps: Deps) -> int:
    """Reseal long-lived secrets so that each of the vault's keys opens them.

    After that, a key that is being replaced is no longer needed. Instances that have only
    the old key may seal more secrets; the next run reseals those.

    Returns:
        How many texts were resealed.
    """
    done, unreadable = 0, []
    for each in await deps.storage.sealed_texts.needing_reseal(deps.vault.key_ids):
        try:
            secret = deps.vault.open(each.text, context=each.context)
        except InfrastructureError:
            unreadable.append(f"{each.column} of {each.row_id}")
            continue
        sealed = deps.vault.seal(secret, context=each.context)
        done += await deps.storage.sealed_texts.replace(each, sealed)
    if unreadable:
        log.warning(
            "%d sealed secret(s) cannot be opened with PAYGATE_VAULT_KEY, such as %s: add the "
            "key that sealed them after the current one",
            len(unreadable),
            unreadable[0],
        )
    return done
