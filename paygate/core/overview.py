"""A merchant's figures, the state of the queues, and items that need attention."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from .accounts.audit import actor_of
from .accounts.model import Caller
from .deps import Deps
from .errors import NotFoundError
from .figures import Figures, QueueCounts, StuckWork, Window, WorkerInfo
from .limits import OVERDUE_AFTER, STUCK_ROWS_MAX, WORKER_DEAD_AFTER
from .payments.store import Attention, Resolution
from .queue.notifier import QUEUES, Queue
from .redaction import redact

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Longest period in hours → bucket size in hours: at most 60 buckets.
_BUCKETS_H = ((48, 1), (168, 3), (720, 12))


def window_of(hours: int, now: datetime) -> Window:
    """Return the last ``hours`` in buckets that begin at whole hours; the last is incomplete."""
    bucket = timedelta(hours=next(size for most, size in _BUCKETS_H if hours <= most))
    count = -(-timedelta(hours=hours) // bucket)
    ends = _EPOCH + ((now - _EPOCH) // bucket + 1) * bucket
    return Window(ends - count * bucket, now, bucket, count)


async def overview(merchant_id: UUID, hours: int, deps: Deps) -> tuple[Window, Figures]:
    """Return a merchant's figures of the last hours."""
    window = window_of(hours, deps.clock.now())
    return window, await deps.storage.figures.overview(merchant_id, window)


async def work_in_detail(
    merchant_id: UUID | None, deps: Deps
) -> tuple[list[WorkerInfo], list[QueueCounts], list[StuckWork]]:
    """Return the workers, every queue, and stuck rows, of one merchant or of all."""
    now, figures = deps.clock.now(), deps.storage.figures
    workers = await figures.workers(dead_after=WORKER_DEAD_AFTER)
    counted = {each.queue: each for each in await figures.queues(merchant_id, now=now)}
    queues = [counted.get(name, QueueCounts(name, 0, 0, 0, 0, None)) for name in QUEUES]
    stuck = await figures.stuck(merchant_id, due_before=now - OVERDUE_AFTER, limit=STUCK_ROWS_MAX)
    return list(workers), queues, list(stuck)


async def release_stuck(
    queue: str, row_id: str, merchant_id: UUID | None, deps: Deps
) -> tuple[Queue, datetime]:
    """Make a stuck row due now; return its queue and its new due time.

    A dead-lettered operation is queried at its processor, and not sent again.

    Raises:
        NotFoundError: No such row is stuck, or it is another merchant's.
    """
    now = deps.clock.now()
    named = next((name for name in QUEUES if name == queue), None)
    if named is None or not await deps.storage.figures.release(
        named, row_id, merchant_id, due_before=now - OVERDUE_AFTER, now=now
    ):
        raise NotFoundError("Stuck work")
    deps.notifier.notify(named, row_id)
    return named, now


_ITEM_ID = re.compile(r"(callback|answer|payment)-[A-Za-z0-9_]{1,64}", re.ASCII)


async def resolve_attention(item_id: str, note: str, caller: Caller, deps: Deps) -> Attention:
    """Resolve an item that needs attention; its payment's history keeps it.

    Args:
        item_id: The item's id.
        note: What the operator found and did.
        caller: The operator.
        deps: The app.

    Raises:
        NotFoundError: No such item is open.
    """
    if not _ITEM_ID.fullmatch(item_id):
        raise NotFoundError("Open item")
    by = actor_of(caller).label
    resolution = Resolution(item_id, deps.clock.now(), by, redact(note))
    resolved = await deps.storage.attention.resolve(resolution)
    if resolved is None:
        raise NotFoundError("Open item")
    return resolved
