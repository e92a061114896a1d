"""A table of work in memory: what a queue worker claims from, performs on and records to."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

from paygate.core.queue.lease import Lease
from paygate.core.queue.queue_worker import QueueWorker
from paygate.core.records import WriteResult
from tests.harness.patience import PATIENCE_S
from tests.unit.samples import NOW

DEADLINE_S = PATIENCE_S


class RunningClock:
    """Begins at a moment of ours and goes on as time does."""

    def __init__(self):
        self._began_s = monotonic()

    def now(self):
        return NOW + timedelta(seconds=monotonic() - self._began_s)


@dataclass(frozen=True)
class Row:
    """A row of work and its lease."""

    id: str
    due_at: datetime
    claims: int = 0
    token: UUID | None = None


@dataclass(frozen=True)
class Claimed:
    """A row as a worker holds it."""

    lease: Lease


@dataclass
class Table:
    """See ``Work`` and ``Leasable``.

    Args:
        clock: Says what is due.
        gates: Row id → what its handling waits for.
        raising: Row id → what its handling raises.
        losing: Ids of rows whose writes are refused as stale.
        refusing: Row id → why the database does not take it.
        claim_errors: Raised by the next claims, in order.
        record_errors: Raised by the next recordings, in order.
        is_away: Everything about leases raises while it is set.
    """

    clock: RunningClock = field(default_factory=RunningClock)
    rows: dict[str, Row] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    raising: dict[str, BaseException] = field(default_factory=dict)
    losing: set[str] = field(default_factory=set)
    refusing: dict[str, str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    claim_errors: list[Exception] = field(default_factory=list)
    lost_answers: list[Exception] = field(default_factory=list)
    record_errors: list[Exception] = field(default_factory=list)
    is_away: Exception | None = None

    limits: list[int] = field(default_factory=list)
    performing: set[str] = field(default_factory=set)
    busiest: int = 0
    recorded: list[list[str]] = field(default_factory=list)
    released: dict[str, tuple[str, timedelta | None]] = field(default_factory=dict)
    handed_back: list[str] = field(default_factory=list)
    renewed: list[list[str]] = field(default_factory=list)

    def add(self, *ids, claims=0, after=timedelta(0)):
        for id in ids:
            self.rows[id] = Row(id, self.clock.now() + after, claims)

    def gate(self, *ids):
        """Makes the handling of these rows wait, all for one event."""
        event = asyncio.Event()
        self.gates |= dict.fromkeys(ids, event)
        return event

    @property
    def done(self):
        return {id for ids in self.recorded for id in ids}

    async def claim(self, limit):
        self.limits.append(limit)
        if self.claim_errors:
            raise self.claim_errors.pop(0)
        now = self.clock.now()
        due = [row for row in self.rows.values() if row.token is None and row.due_at <= now]
        claimed = [replace(row, claims=row.claims + 1, token=uuid4()) for row in due[:limit]]
        self.rows |= {row.id: row for row in claimed}
        if self.lost_answers:
            raise self.lost_answers.pop(0)
        return [Claimed(Lease(row.id, row.token, row.claims)) for row in claimed]

    async def perform(self, claim):
        id = claim.lease.row_id
        self.performing.add(id)
        self.busiest = max(self.busiest, len(self.performing))
        try:
            if id in self.gates:
                await self.gates[id].wait()
            if id in self.raising:
                raise self.raising[id]
            return f"answer to {id}"
        finally:
            self.performing.discard(id)

    async def record(self, settled):
        if self.record_errors:
            raise self.record_errors.pop(0)
        for each in settled:
            assert each.result == f"answer to {each.claim.lease.row_id}"
        ids = [each.claim.lease.row_id for each in settled]
        lost = self.losing | self.refusing.keys() | self.locked
        won = [id for id in ids if id not in lost]
        self.recorded.append(won)
        for id in won:
            del self.rows[id]
        refused = {id: self.refusing[id] for id in ids if id in self.refusing}
        return WriteResult(frozenset(won), refused, busy=self.locked & frozenset(ids))

    async def renew(self, leases):
        self._answer()
        self.renewed.append([lease.row_id for lease in leases])

    async def reschedule(self, failures, *, now):
        self._answer()
        for failure in failures:
            self.released[failure.lease.row_id] = (failure.error, failure.retry_after)

    async def release_claims(self, leases):
        self._answer()
        self.handed_back += [lease.row_id for lease in leases]

    async def release_unheld(self, worker_id, held):
        assert worker_id == "test"
        self._answer()
        known = {(lease.row_id, lease.token) for lease in held}
        for row in list(self.rows.values()):
            if row.token is not None and (row.id, row.token) not in known:
                self.rows[row.id] = replace(row, claims=row.claims - 1, token=None)

    async def release_orphans(self, *, dead_after):
        raise AssertionError("that is the worker's business, not a queue worker's")

    async def next_due(self, *, now):
        waiting = [row.due_at for row in self.rows.values() if row.token is None]
        return min((due_at for due_at in waiting if due_at > now), default=None)

    def _answer(self):
        if self.is_away:
            raise self.is_away


def queue_worker(table, *, in_flight_max=100):
    return QueueWorker(
        "test", table, table, table.clock, worker_id="test", in_flight_max=in_flight_max
    )


@asynccontextmanager
async def running(working):
    """Run the queue worker; at the end, stop it after its work in progress."""
    task = asyncio.create_task(working.run())
    try:
        yield task
    finally:
        working.stop()
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(task, return_exceptions=True)


async def until(is_so):
    """Look again and again until it is so, or fail."""
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.001)
