"""A queue worker: claims rows of one table, processes many at once, records in batches.

::

    wake or tick ──► claim rows ───► perform, one task per row ──► record finished rows
         ▲                                                          │
         └──────────────── slots are free again ◄───────────────────┘

A slow row occupies one slot and delays no other row: rows are recorded as they
finish. The queue worker does not know what the rows are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Generic

from ..clock import Clock, MovableClock
from ..errors import InfrastructureError
from ..limits import CLAIM_ROWS_MAX, RENEW_EVERY, SWEEP_EVERY
from ..observe.metrics import Metrics, NoMetrics
from .lease import FailedClaim, Leasable, Lease, retry_delay
from .work import ClaimT, Finished, ResultT, Work

log = logging.getLogger(__name__)

# Rows become due one by one; this delay lets one claim find several. While rows are in flight,
# the claim itself takes long enough for others to become due.
GATHER_S = 0.01
GATHER_BUSY_S = 0.002

# Further rows may wait for the slots of rows that were just claimed, such as those of an endpoint
# with many deliveries. Rows that are finished wake the worker before this time.
CLAIM_AGAIN_S = 0.05
DATABASE_RETRY_S = 0.5

# The delay before a row that another transaction had locked is recorded again.
BUSY_WAIT_S = 0.05

Batch = asyncio.Future[set[asyncio.Task[None]]]

# How long a job waits for its batch: a slow row must not delay further jobs.
BATCH_WAIT_S = 0.25


class QueueWorker(Generic[ClaimT, ResultT]):
    """Processes the rows of one table until it is stopped.

    Args:
        name: For the log.
        work: What to do with the rows.
        rows: The leases of the table.
        clock: The app's time.
        worker_id: The owner of the leases.
        in_flight_max: How many rows to process at once.
        test_clock: The same clock, where tests may hold it.
        metrics: Counts refused results.
    """

    def __init__(
        self,
        name: str,
        work: Work[ClaimT, ResultT],
        rows: Leasable,
        clock: Clock,
        *,
        worker_id: str,
        in_flight_max: int,
        test_clock: MovableClock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics or NoMetrics()
        self.name = name
        self._work = work
        self._rows = rows
        self._clock = clock
        self._test_clock = test_clock
        self._worker_id = worker_id
        self._in_flight_max = in_flight_max
        # A claim may have been committed whose response was lost.
        self._may_hold_unknown = False
        self._wake = asyncio.Event()
        self._waiting: list[Batch] = []
        self.stopped = asyncio.Event()
        self._held: dict[str, Lease] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._done: asyncio.Queue[Finished[ClaimT, ResultT]] = asyncio.Queue()
        # Spreads the ticks of several workers; it need not be repeatable.
        self._rng = Random()

    def wake(self) -> None:
        """Look for due rows now. Cheap; several calls count as one."""
        self._wake.set()

    async def process(self) -> None:
        """Claim and process a batch of due rows.

        Concurrent calls share one batch. Returns when the batch is done, or after 0.25 s; the
        rest of the batch continues in the background.
        """
        started: Batch = asyncio.get_running_loop().create_future()
        self._waiting.append(started)
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(BATCH_WAIT_S):
                batch = await started
                if batch:
                    # Waits for the tasks and cancels none of them.
                    await asyncio.wait(batch)

    async def run(self) -> None:
        """Process rows until ``stop``; cancel it to drop all work at once."""
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(self._record_all()), group.create_task(self._renew_all())]
            try:
                while not self.stopped.is_set():
                    await self._turn()
                await self._drain()
            finally:
                for task in (*self._tasks, *helpers):
                    task.cancel()
                self._resolve(self._waiting, set())

    def stop(self) -> None:
        """Claim no more rows; ``run`` ends when the rows in flight are recorded."""
        self.stopped.set()
        self._wake.set()

    async def abandon(self) -> None:
        """Cancel the tasks in flight and release their rows."""
        # Before the cancellation, because a task that ends forgets its row.
        leases, self._held = list(self._held.values()), {}
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if leases:
            await self._release_claims(leases)
        self._wake.set()

    async def _turn(self) -> None:
        self._wake.clear()
        free = min(self._in_flight_max - len(self._held), CLAIM_ROWS_MAX)
        waiting, self._waiting = self._waiting, []
        batch: set[asyncio.Task[None]] = set()
        try:
            claims = await self._claim(free) if free > 0 else []
            batch = {self._start(claim) for claim in claims}
            if free > 0 and len(claims) == free:
                return
            if claims or free <= 0:
                timeout_s = CLAIM_AGAIN_S
            else:
                timeout_s = await self._until_next_due()
        except InfrastructureError as error:
            log.warning("%s: %s", self.name, error)
            timeout_s = DATABASE_RETRY_S
        except Exception:
            # The last handler of the worker: the next turn may succeed, and a process that
            # ends would end its other queue workers too.
            log.exception("%s: a turn failed", self.name)
            timeout_s = DATABASE_RETRY_S
        finally:
            self._resolve(waiting, batch)
        await self._wait(timeout_s)

    def _resolve(self, waiting: Sequence[Batch], batch: set[asyncio.Task[None]]) -> None:
        for each in waiting:
            # The caller may have been cancelled.
            if not each.done():
                each.set_result(batch)

    async def _claim(self, limit: int) -> Sequence[ClaimT]:
        if self._may_hold_unknown:
            held = list(self._held.values())
            await self._rows.release_unheld(self._worker_id, held)
            self._may_hold_unknown = False
        try:
            return await self._work.claim(limit)
        except BaseException:
            self._may_hold_unknown = True
            raise

    async def _until_next_due(self) -> float:
        tick_s = SWEEP_EVERY.total_seconds() * self._rng.uniform(0.5, 1.5)
        if self._is_clock_held:
            # Nothing becomes due while the clock is held; moving it wakes this worker.
            return tick_s
        now = self._clock.now()
        due_at = await self._rows.next_due(now=now)
        if due_at is None:
            return tick_s
        return min(tick_s, max(0.0, (due_at - now).total_seconds()))

    @property
    def _is_clock_held(self) -> bool:
        return self._test_clock is not None and self._test_clock.is_held

    async def _wait(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        # While the clock is held, every due row is due already.
        if not self._is_clock_held:
            await asyncio.sleep(GATHER_BUSY_S if self._held else GATHER_S)

    def _start(self, claim: ClaimT) -> asyncio.Task[None]:
        self._held[claim.lease.row_id] = claim.lease
        task = asyncio.create_task(self._perform(claim))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _perform(self, claim: ClaimT) -> None:
        try:
            result = await self._work.perform(claim)
        except asyncio.CancelledError:
            # Cancelled by `abandon`, or raised by a plugin. The lease expires.
            self._forget(claim.lease)
            raise
        except Exception as error:
            # The guard catches what plugins raise, so this is a bug in paygate. This row is
            # retried; the others continue.
            log.exception("%s: working on %s failed", self.name, claim.lease.row_id)
            await self._fail([(claim.lease, f"{type(error).__name__}: {error}")])
        else:
            self._done.put_nowait(Finished(claim, result))

    async def _record_all(self) -> None:
        finished: list[Finished[ClaimT, ResultT]] = []
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BUSY_WAIT_S if finished else None):
                    finished.append(await self._done.get())
            while len(finished) < CLAIM_ROWS_MAX and not self._done.empty():
                finished.append(self._done.get_nowait())
            busy = await self._record(finished)
            for each in finished:
                if each.claim.lease.row_id not in busy:
                    self._forget(each.claim.lease)
                    self._done.task_done()
            finished = [each for each in finished if each.claim.lease.row_id in busy]
            self._wake.set()

    async def _record(self, finished: Sequence[Finished[ClaimT, ResultT]]) -> frozenset[str]:
        """Record a batch; return the rows that another transaction had locked."""
        leases = {each.claim.lease.row_id: each.claim.lease for each in finished}
        # A result is recorded after any outage: the processor is not called again.
        while True:
            try:
                stored = await self._work.record(finished)
                break
            except InfrastructureError as error:
                log.warning("%s: could not record yet: %s", self.name, error)
                await asyncio.sleep(DATABASE_RETRY_S)
            except Exception as error:
                # The last handler of the worker: these rows are retried, the others continue.
                log.exception("%s: recording failed", self.name)
                reason = f"{type(error).__name__}: {error}"
                await self._fail([(lease, reason) for lease in leases.values()])
                return frozenset()
        stale = leases.keys() - stored.stored - stored.refused.keys() - stored.busy
        if stale:
            log.warning("%s: %d stale write(s) refused", self.name, len(stale))
            self._metrics.stale_results(self.name, len(stale))
            await self._release_claims([leases[row_id] for row_id in stale])
        await self._fail([(leases[row], why) for row, why in stored.refused.items()])
        return stored.busy

    async def _fail(self, rows: Sequence[tuple[Lease, str]]) -> None:
        if not rows:
            return
        failures = [FailedClaim(lease, why, retry_delay(lease)) for lease, why in rows]
        try:
            await self._rows.reschedule(failures, now=self._clock.now())
        except InfrastructureError as error:
            log.warning("%s: cannot reschedule rows; their leases expire: %s", self.name, error)
        except Exception:
            # Without the reschedule the rows are free when their leases expire.
            log.exception("%s: rescheduling failed", self.name)
        for lease, _ in rows:
            self._forget(lease)
        self._wake.set()

    async def _release_claims(self, leases: Sequence[Lease]) -> None:
        try:
            await self._rows.release_claims(leases)
        except InfrastructureError as error:
            log.warning("%s: cannot release rows; their leases expire: %s", self.name, error)

    def _forget(self, lease: Lease) -> None:
        # A later claim of this worker may hold the row again, with another token.
        if self._held.get(lease.row_id) == lease:
            del self._held[lease.row_id]

    async def _renew_all(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY.total_seconds())
            if self._held:
                try:
                    await self._rows.renew(list(self._held.values()))
                except InfrastructureError as error:
                    log.warning("%s: leases are not renewed: %s", self.name, error)
                except Exception:
                    # Without this handler the whole worker would end.
                    log.exception("%s: renewing leases failed", self.name)

    async def _drain(self) -> None:
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._done.join()
