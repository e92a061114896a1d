"""A queue worker: claims rows of one table, works on many at once, records them in sets.

::

    wake or tick ──► claim a set ──► perform, one task a row ──► record whatever is done
         ▲                                                          │
         └──────────────── slots are free again ◄───────────────────┘

A row that takes long holds one slot and nobody else: its neighbours are recorded
as they finish. Nothing here knows what the rows are.
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
from .lease import FailedClaim, Leasable, Lease, retry_delay
from .work import AnswerT, ClaimT, Finished, Work

log = logging.getLogger(__name__)

# Rows fall due one by one; waiting this long lets a claim find several.
GATHER_S = 0.01
DATABASE_AWAY_WAIT_S = 0.5

# Until a row that someone else had locked is tried again.
BUSY_WAIT_S = 0.05

Batch = asyncio.Future[set[asyncio.Task[None]]]

# A job waits this long for its batch: one slow row must not hold back further jobs.
BATCH_WAIT_S = 0.25


class QueueWorker(Generic[ClaimT, AnswerT]):
    """Works on one table until told to stop.

    Args:
        name: For the log.
        work: What to do with the rows.
        rows: The table's leases.
        clock: The app's time.
        worker_id: Whose the leases are.
        in_flight_max: How many rows to work on at once.
        test_clock: The same clock, where tests may stop it.
    """

    def __init__(
        self,
        name: str,
        work: Work[ClaimT, AnswerT],
        rows: Leasable,
        clock: Clock,
        *,
        worker_id: str,
        in_flight_max: int,
        test_clock: MovableClock | None = None,
    ) -> None:
        self.name = name
        self._work = work
        self._rows = rows
        self._clock = clock
        self._test_clock = test_clock
        self._worker_id = worker_id
        self._in_flight_max = in_flight_max
        # A claim may have been committed whose answer did not come.
        self._may_lease_unseen = False
        self._wake = asyncio.Event()
        self._asked: list[Batch] = []
        self.stopped = asyncio.Event()
        self._held: dict[str, Lease] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._done: asyncio.Queue[Finished[ClaimT, AnswerT]] = asyncio.Queue()
        # Spreads the ticks of several workers; nothing that must be repeatable.
        self._rng = Random()

    def wake(self) -> None:
        """Look for due rows now. Cheap; waking twice is waking once."""
        self._wake.set()

    async def process(self) -> None:
        """Claim a batch of due rows and work on it.

        The loop claims it: several calls at the same time share one batch. Returns when the
        batch is done, or after 0.25 s; what is left of it is done all the same.
        """
        asked: Batch = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(BATCH_WAIT_S):
                batch = await asked
                if batch:
                    # Waits for the tasks and cancels none of them.
                    await asyncio.wait(batch)

    async def run(self) -> None:
        """Work until ``stop``; cancel it to drop everything at once."""
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(self._record_all()), group.create_task(self._renew_all())]
            try:
                while not self.stopped.is_set():
                    await self._turn()
                await self._drain()
            finally:
                for task in (*self._tasks, *helpers):
                    task.cancel()
                self._answer(self._asked, set())

    def stop(self) -> None:
        """Claim nothing more; ``run`` ends when what is in flight has been recorded."""
        self.stopped.set()
        self._wake.set()

    async def abandon(self) -> None:
        """Give up what is still in flight: end the tasks and hand the rows back."""
        # First of all: a task that ends lets go of its row.
        leases, self._held = list(self._held.values()), {}
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if leases:
            await self._release_claims(leases)
        self._wake.set()

    async def _turn(self) -> None:
        self._wake.clear()
        room = min(self._in_flight_max - len(self._held), CLAIM_ROWS_MAX)
        asked, self._asked = self._asked, []
        batch: set[asyncio.Task[None]] = set()
        try:
            claims = await self._claim(room) if room > 0 else []
            batch = {self._start(claim) for claim in claims}
            if room > 0 and len(claims) == room:
                return
            timeout_s = await self._until_next_due()
        except InfrastructureError as error:
            log.warning("%s: %s", self.name, error)
            timeout_s = DATABASE_AWAY_WAIT_S
        except Exception:
            # The worker's outermost net: whatever it is, the next turn may do better,
            # and a process that ends would take the other queue worker with it.
            log.exception("%s: a turn failed", self.name)
            timeout_s = DATABASE_AWAY_WAIT_S
        finally:
            self._answer(asked, batch)
        await self._rest(timeout_s)

    def _answer(self, asked: Sequence[Batch], batch: set[asyncio.Task[None]]) -> None:
        for each in asked:
            # Whoever asked may have gone.
            if not each.done():
                each.set_result(batch)

    async def _claim(self, limit: int) -> Sequence[ClaimT]:
        if self._may_lease_unseen:
            held = list(self._held.values())
            await self._rows.release_unheld(self._worker_id, held)
            self._may_lease_unseen = False
        try:
            return await self._work.claim(limit)
        except BaseException:
            self._may_lease_unseen = True
            raise

    async def _until_next_due(self) -> float:
        tick_s = SWEEP_EVERY.total_seconds() * self._rng.uniform(0.5, 1.5)
        if self._stands_still:
            # Nothing falls due meanwhile, and whoever moves the clock wakes us.
            return tick_s
        now = self._clock.now()
        due_at = await self._rows.next_due(now=now)
        if due_at is None:
            return tick_s
        return min(tick_s, max(0.0, (due_at - now).total_seconds()))

    @property
    def _stands_still(self) -> bool:
        return self._test_clock is not None and self._test_clock.is_held

    async def _rest(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        # At a moment that is held, everything due is due already.
        if not self._stands_still:
            await asyncio.sleep(GATHER_S)

    def _start(self, claim: ClaimT) -> asyncio.Task[None]:
        self._held[claim.lease.row_id] = claim.lease
        task = asyncio.create_task(self._perform(claim))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _perform(self, claim: ClaimT) -> None:
        try:
            answer = await self._work.perform(claim)
        except asyncio.CancelledError:
            # Ours to abandon, or a plugin that raised it. The lease runs out by itself.
            self._forget(claim.lease)
            raise
        except Exception as error:
            # The worker's outermost net: the guard has caught what plugins raise,
            # so this is a mistake of ours. The row rests; the others go on.
            log.exception("%s: working on %s failed", self.name, claim.lease.row_id)
            await self._fail([(claim.lease, f"{type(error).__name__}: {error}")])
        else:
            self._done.put_nowait(Finished(claim, answer))

    async def _record_all(self) -> None:
        settled: list[Finished[ClaimT, AnswerT]] = []
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BUSY_WAIT_S if settled else None):
                    settled.append(await self._done.get())
            while len(settled) < CLAIM_ROWS_MAX and not self._done.empty():
                settled.append(self._done.get_nowait())
            busy = await self._record(settled)
            for each in settled:
                if each.claim.lease.row_id not in busy:
                    self._forget(each.claim.lease)
                    self._done.task_done()
            settled = [each for each in settled if each.claim.lease.row_id in busy]
            self._wake.set()

    async def _record(self, settled: Sequence[Finished[ClaimT, AnswerT]]) -> frozenset[str]:
        """Store a set; the rows that someone else has locked, which are to be tried again."""
        leases = {each.claim.lease.row_id: each.claim.lease for each in settled}
        # However long an outage lasts: what was answered is not asked again.
        while True:
            try:
                stored = await self._work.record(settled)
                break
            except InfrastructureError as error:
                log.warning("%s: could not record yet: %s", self.name, error)
                await asyncio.sleep(DATABASE_AWAY_WAIT_S)
            except Exception as error:
                # The worker's outermost net: these rows rest, the others go on.
                log.exception("%s: recording failed", self.name)
                reason = f"{type(error).__name__}: {error}"
                await self._fail([(lease, reason) for lease in leases.values()])
                return frozenset()
        stale = leases.keys() - stored.stored - stored.refused.keys() - stored.busy
        if stale:
            log.warning("%s: %d stale write(s) refused", self.name, len(stale))
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
            log.warning("%s: could not release yet, the leases run out: %s", self.name, error)
        except Exception:
            # The same net: without their release the rows are free when their leases run out.
            log.exception("%s: releasing failed", self.name)
        for lease, _ in rows:
            self._forget(lease)
        self._wake.set()

    async def _release_claims(self, leases: Sequence[Lease]) -> None:
        try:
            await self._rows.release_claims(leases)
        except InfrastructureError as error:
            log.warning("%s: could not hand back, the leases run out: %s", self.name, error)

    def _forget(self, lease: Lease) -> None:
        # Another turn may hold the row again already, with another token.
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
                    # The same net: without it the whole worker would end.
                    log.exception("%s: renewing leases failed", self.name)

    async def _drain(self) -> None:
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._done.join()
