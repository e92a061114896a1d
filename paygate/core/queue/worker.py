"""A worker: a queue worker per queue, a notifier, a heartbeat, and a graceful shutdown."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Coroutine, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ..deps import Deps
from ..errors import InfrastructureError
from ..limits import (
    FIGURES_FOLDED_EVERY,
    HEARTBEAT_EVERY,
    LEASE,
    LOOP_BLOCK_TRIPS_AFTER,
    RENEW_EVERY,
    WORKER_DEAD_AFTER,
)
from ..loop_blocks import LoopBlock
from ..observe.metrics import LEASED_TABLES
from ..observe.traced_work import traced_deliveries, traced_operations
from ..payments.breaker import ProcessorBreakers, ProcessorShares
from ..payments.callbacks import receive_from_call
from ..payments.links import report_expired_links
from ..payments.operation import OperationKind
from ..payments.process import OperationWork
from ..webhooks.deliver import DeliveryWork
from .background import repeat
from .housekeeping import fold_figures, run_housekeeping
from .notifier import QUEUES, Jobs, Queue
from .queue_worker import QueueWorker

log = logging.getLogger(__name__)

# How long a stopping worker waits for the work in flight.
DRAIN_S = 20.0
LISTEN_AGAIN_AFTER_S = 1.0
LINKS_EXPIRE_EVERY_S = 1.0

# One heartbeat may fail or be late; after two the database was unavailable.
HEARTBEAT_RECENT_S = 2 * HEARTBEAT_EVERY.total_seconds()
KINDS: Mapping[Queue, frozenset[OperationKind]] = {
    "payments": frozenset(OperationKind) - {OperationKind.REFUND},
    "refunds": frozenset({OperationKind.REFUND}),
}


assert RENEW_EVERY * 2 < LEASE, "a lease must outlive a failed renewal"


class Worker:
    """Processes its queues until it is stopped.

    Several workers may run at once, in one process or on many machines; leases keep them
    from processing the same row.

    Args:
        deps: The app.
        worker_id: Unique among all workers; stored in ``lease_owner``.
        queues: The queues to process; other workers process the others.
    """

    def __init__(self, deps: Deps, *, worker_id: str, queues: Collection[Queue] = QUEUES) -> None:
        self._deps = deps
        self._test_clock = deps.test_clock.shown if deps.test_clock else None
        self.worker_id = worker_id
        self._breakers = ProcessorBreakers()
        self._is_listed = asyncio.Event()
        self._is_woken = asyncio.Event()
        self._last_beat_s: float | None = None
        self._queue_workers: Mapping[Queue, QueueWorker[Any, Any]] = {
            queue: self._webhooks() if queue == "webhooks" else self._operations(queue)
            for queue in queues
        }

    def _operations(self, queue: Queue) -> QueueWorker[Any, Any]:
        deps = self._deps
        rows = deps.storage.operations.only(KINDS[queue], deps.registry.processors)
        work = OperationWork(
            deps,
            self.worker_id,
            rows,
            receive_from_call,
            ProcessorShares(self._breakers, deps.policy.operations_in_flight),
        )
        return QueueWorker(
            queue,
            traced_operations(work, deps),
            rows,
            deps.clock,
            worker_id=self.worker_id,
            in_flight_max=deps.policy.operations_in_flight,
            test_clock=self._test_clock,
            metrics=deps.metrics,
        )

    def _webhooks(self) -> QueueWorker[Any, Any]:
        deps = self._deps
        return QueueWorker(
            "webhooks",
            traced_deliveries(DeliveryWork(deps, self.worker_id), deps),
            deps.storage.deliveries,
            deps.clock,
            worker_id=self.worker_id,
            in_flight_max=deps.policy.deliveries_in_flight,
            test_clock=self._test_clock,
            metrics=deps.metrics,
        )

    @property
    def is_alive(self) -> bool:
        """Whether it has sent a heartbeat lately, so that other workers count it as alive."""
        last_s = self._last_beat_s
        return last_s is not None and time.monotonic() - last_s < WORKER_DEAD_AFTER.total_seconds()

    def wake_all(self) -> None:
        """Look for due rows in every queue now, and for payment links that have expired."""
        self._is_woken.set()
        for each in self._queue_workers.values():
            each.wake()

    def wake(self, queue: Queue) -> None:
        """Look for due rows in a queue now."""
        self._queue_workers[queue].wake()

    async def process(self, queue: Queue) -> None:
        """Claim and process a batch of due rows of a queue; see ``Jobs``."""
        await self._queue_workers[queue].process()

    def stop(self) -> None:
        """Claim no more rows; ``run`` ends when work in flight is done, or after 20 s."""
        for each in self._queue_workers.values():
            each.stop()

    async def run(self) -> None:
        """Process the queues until ``stop``."""
        forget = self._deps.loop_blocks.subscribe(self._on_block)
        background = [asyncio.create_task(self._keep_alive())]
        working: list[asyncio.Task[None]] = []
        try:
            # Before the first claim: leases of an unregistered worker count as orphans.
            await self._until_listed()
            background += [asyncio.create_task(part) for part in self._parts()]
            working += [asyncio.create_task(each.run()) for each in self._queue_workers.values()]
            await self._until_done(working, background)
        finally:
            forget()
            for task in (*background, *working):
                task.cancel()
            await asyncio.gather(*background, *working, return_exceptions=True)
            with suppress(InfrastructureError):
                await self._deps.storage.workers.leave(self.worker_id)

    def _on_block(self, block: LoopBlock) -> None:
        """Open the breaker of a processor that stops everything else."""
        is_long = block.seconds >= LOOP_BLOCK_TRIPS_AFTER.total_seconds()
        if block.plugin and is_long and block.plugin in self._deps.registry.processors:
            reason = f"{block.call} blocked the event loop for {block.seconds:g} s ({block.place})"
            self._breakers.trip(block.plugin, reason)

    async def _until_listed(self) -> None:
        waiting = [
            asyncio.create_task(self._is_listed.wait()),
            asyncio.create_task(self._stopped()),
        ]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        parts = [self._listen(), self._fold_figures(), self._report_expired_links()]
        if self._test_clock is not None:
            parts.append(self._test_clock.listen(self.wake_all))
        return parts

    async def _until_done(
        self, working: list[asyncio.Task[None]], background: list[asyncio.Task[None]]
    ) -> None:
        stopped = asyncio.create_task(self._stopped())
        try:
            parts = {stopped, *working, *background}
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            # Stopped, or a part has ended that the worker needs: a worker that sends no heartbeat
            # would count as dead although it is not.
            self.stop()
            done, late = await asyncio.wait(working, timeout=DRAIN_S)
            if late:
                log.warning("stopping with work in flight; its rows are released")
                for each in self._queue_workers.values():
                    await each.abandon()
                done, _ = await asyncio.wait(working, timeout=1)
            for task in (*done, *(task for task in background if task.done())):
                task.result()
        finally:
            stopped.cancel()

    async def _stopped(self) -> None:
        await asyncio.gather(*(each.stopped.wait() for each in self._queue_workers.values()))

    async def _keep_alive(self) -> None:
        await repeat(self._beat, every_s=HEARTBEAT_EVERY.total_seconds(), what="send a heartbeat")

    async def _beat(self) -> None:
        last_s = self._last_beat_s
        breakers = {name: asdict(each) for name, each in self._breakers.shown().items()}
        await self._deps.storage.workers.heartbeat(self.worker_id, kind="worker", breakers=breakers)
        self._last_beat_s = time.monotonic()
        processors = self._deps.registry.processors
        self._deps.metrics.breakers({name: self._breakers.state(name) for name in processors})
        self._is_listed.set()
        # After an outage the heartbeats of all workers are old, although the workers live. Only
        # a worker whose own heartbeats succeeded may conclude that another one is dead.
        if last_s is not None and self._last_beat_s - last_s < HEARTBEAT_RECENT_S:
            await self._release_orphans()

    async def _listen(self) -> None:
        jobs = Jobs(self._queue_workers, self.process, self._housekeeping)
        await repeat(
            lambda: self._deps.notifier.listen(jobs),
            every_s=LISTEN_AGAIN_AFTER_S,
            what="listen for notifications",
        )

    async def _housekeeping(self) -> None:
        try:
            await run_housekeeping(self._deps)
        except InfrastructureError as error:
            log.warning("housekeeping: %s", error)
        except Exception:
            # A background task must not end; the next run may succeed.
            log.exception("housekeeping failed")

    async def _fold_figures(self) -> None:
        await repeat(
            lambda: fold_figures(self._deps),
            every_s=FIGURES_FOLDED_EVERY.total_seconds(),
            what="fold the figures",
        )

    async def _report_expired_links(self) -> None:
        async def step() -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LINKS_EXPIRE_EVERY_S):
                    await self._is_woken.wait()
            self._is_woken.clear()
            await report_expired_links(self._deps)

        await repeat(step, every_s=0, what="report expired payment links")

    async def _release_orphans(self) -> None:
        storage = self._deps.storage
        leased = (storage.operations, storage.deliveries)
        for table, rows in zip(LEASED_TABLES, leased, strict=True):
            freed = await rows.release_orphans(dead_after=WORKER_DEAD_AFTER)
            if freed:
                self._deps.metrics.leases_released(table, freed)
                log.info("released %d lease(s) of dead workers: %s", freed, table)
                self.wake_all()
