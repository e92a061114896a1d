"""A merchant's figures, and what work there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ..domain.errors import NotFoundError
from ..domain.limits import OVERDUE_AFTER, STUCK_ROWS_MAX, WORKER_GONE_AFTER
from ..ports.figures import Figures, QueueCounts, StuckWork, Window, WorkerSeen
from ..ports.notifier import QUEUES, Queue
from .deps import Deps

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The widest window a bucket of that many hours is used for: no more than 60 buckets.
_BUCKETS_H = ((48, 1), (168, 3), (720, 12))


def window_of(hours: int, now: datetime) -> Window:
    """The last ``hours``, in buckets that begin at whole hours; the last is under way."""
    bucket = timedelta(hours=next(size for most, size in _BUCKETS_H if hours <= most))
    count = -(-timedelta(hours=hours) // bucket)
    ends = _EPOCH + ((now - _EPOCH) // bucket + 1) * bucket
    return Window(ends - count * bucket, now, bucket, count)


async def overview(merchant_id: UUID, hours: int, deps: Deps) -> tuple[Window, Figures]:
    """A merchant's figures of the last hours."""
    window = window_of(hours, deps.clock.now())
    return window, await deps.storage.figures.overview(merchant_id, window)


async def work_in_detail(
    merchant_id: UUID | None, deps: Deps
) -> tuple[list[WorkerSeen], list[QueueCounts], list[StuckWork]]:
    """Who works; every queue; and what is stuck, of one merchant or of all."""
    now, figures = deps.clock.now(), deps.storage.figures
    workers = await figures.workers(gone_after=WORKER_GONE_AFTER)
    counted = {each.queue: each for each in await figures.queues(merchant_id, now=now)}
    queues = [counted.get(name, QueueCounts(name, 0, 0, 0, 0, None)) for name in QUEUES]
    stuck = await figures.stuck(merchant_id, due_before=now - OVERDUE_AFTER, limit=STUCK_ROWS_MAX)
    return list(workers), queues, list(stuck)


async def release_stuck(
    queue: str, row_id: str, merchant_id: UUID | None, deps: Deps
) -> tuple[Queue, datetime]:
    """Make a stuck row due now; its queue and that moment.

    What was set aside is asked of its processor, never told on a guess.

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
