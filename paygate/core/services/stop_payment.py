"""A payment that a risk check stops: it fails, and its processor never hears of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from ..domain.errors import ConflictError
from ..ports.records import ClaimedOperation, OperationRecord, Stored
from ..ports.storage import Storage
from .deps import Deps
from .events import ring_deliveries


async def stop_payment(
    claimed: ClaimedOperation,
    conclude: Callable[[ClaimedOperation], OperationRecord],
    deps: Deps,
) -> Stored:
    """Fail a payment that nobody was asked about, in one transaction or not at all.

    It takes the road of every payment, over ``processing``; half of it would say that
    the processor may have heard of it.

    Args:
        claimed: Its charge, which is marked sent here and nowhere else.
        conclude: What to store of it then.
        deps: The app.
    """
    record, stored = None, Stored(frozenset(), {})
    with suppress(_RolledBackError):
        async with deps.storage.transaction() as storage:
            record, stored = await _store(claimed, conclude, storage, deps.clock.now())
            if not stored.won:
                raise _RolledBackError
    if record is not None and stored.won:
        ring_deliveries(record.events, deps)
    return stored


async def _store(
    claimed: ClaimedOperation,
    conclude: Callable[[ClaimedOperation], OperationRecord],
    storage: Storage,
    now: datetime,
) -> tuple[OperationRecord | None, Stored]:
    sent = await storage.operations.mark_sent([claimed], at=now)
    if not sent:
        return None, Stored(frozenset(), {})
    try:
        record = conclude(sent[0])
    except ConflictError as error:
        return None, Stored(frozenset(), {claimed.lease.row_id: str(error)})
    return record, await storage.operations.record([record], at=now)


class _RolledBackError(Exception):
    """Ends the transaction, and nothing else."""
