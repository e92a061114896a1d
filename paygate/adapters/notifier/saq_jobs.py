"""SAQ workers, and the notifier that gives them jobs.

A job names a queue and the rows that became due within a few milliseconds. Its function
claims a batch of due rows of that queue, whatever rows the job names, and runs the plugins'
hooks on them. SAQ's cron runs the housekeeping.

Nothing depends on a job: what has to happen is a row in PostgreSQL, and workers look for due
rows every second anyway. So SAQ's retries, timeouts and sweeper are switched off for these
jobs: a job that is lost costs a second, and a batch that is cut off keeps its leases.
"""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import FIRST_COMPLETED as FIRST
from collections import defaultdict
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, cast
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from saq import CronJob, Job, Worker
from saq.queue.redis import RedisQueue

from ...core.errors import OperatorError
from ...core.limits import NOTIFICATIONS_BUFFERED_MAX
from ...core.queue.notifier import QUEUES, Jobs, Queue
from ..redis_connections import open_redis

log = logging.getLogger(__name__)

UNAVAILABLE = (RedisError, OSError, TimeoutError)
PROCESS = "process"
"""The name of the function of a queue's jobs."""

# Notifications of a few milliseconds travel together.
GATHER_S = 0.003
# Jobs of a queue that run at the same time, each waiting for a batch.
JOBS_MAX = 4
UPKEEP_EVERY_S = 1
REPORT_EVERY_S = 30
HOUSEKEEPING = "housekeeping"
EVERY_MINUTE = "* * * * *"
HOUSEKEEPING_ENDS_AFTER_S = 300
# A worker that has seen no housekeeping for so long does it without Redis.
HOUSEKEEPING_OVERDUE_S = 120.0
IDS_PER_JOB_MAX = 100
FLUSH_TIMEOUT_S = 1.0
PING_EVERY_S = 1.0
PING_TIMEOUT_S = 2.0
BACKOFF_MIN_S = 0.2
BACKOFF_MAX_S = 5.0


class QueueJobs(Worker[Any]):
    """A SAQ worker that leaves the signals of the process alone and ends when Redis fails."""

    SIGNALS: list[Any] = []  # noqa: RUF012 - overrides SAQ's class attribute

    async def process(self) -> bool:
        """Run one job, and end when Redis fails.

        SAQ would retry immediately and without a log line.
        """
        queue = cast("JobQueue", self.queue)
        try:
            return await super().process()
        except UNAVAILABLE as error:
            queue.error = error
            return False
        finally:
            if queue.error is not None:
                self.event.set()

    async def upkeep(self) -> list[asyncio.Task[None]]:
        """Report to SAQ's monitor, and schedule what cron jobs there are.

        SAQ's own upkeep goes on without Redis and logs a traceback a second, and its sweep
        would end jobs that take long; only the housekeeping queue has cron jobs.
        """
        return [asyncio.create_task(self._keep_up())]

    async def _keep_up(self) -> None:
        queue, seconds = cast("JobQueue", self.queue), 0
        while not self.event.is_set():
            try:
                if self.cron_jobs:
                    await self.schedule(UPKEEP_EVERY_S)
                    if seconds % HOUSEKEEPING_ENDS_AFTER_S == 0:
                        # A worker was killed during it: its key would block the next one.
                        await queue.sweep(HOUSEKEEPING_ENDS_AFTER_S)
                if seconds % REPORT_EVERY_S == 0:
                    await self.worker_info(REPORT_EVERY_S + UPKEEP_EVERY_S)
            except UNAVAILABLE as error:
                queue.error = error
                self.event.set()
                return
            seconds += UPKEEP_EVERY_S
            with suppress(TimeoutError):
                async with asyncio.timeout(UPKEEP_EVERY_S):
                    await self.event.wait()


class JobQueue(RedisQueue):
    """SAQ's queue, which records that Redis failed to return a job."""

    error: Exception | None = None

    async def dequeue(self, *args: Any, **kwargs: Any) -> Job | None:
        try:
            return await super().dequeue(*args, **kwargs)
        except UNAVAILABLE as error:
            self.error = error
            raise


def _name(gateway: str, queue: str) -> str:
    return "-".join(part for part in ("paygate", gateway, queue) if part)


def connect(url: str) -> Redis:
    """Create a client that detects a dead connection.

    Raises:
        OperatorError: The URL is invalid.
    """
    try:
        return open_redis(
            url, socket_timeout=10, socket_connect_timeout=2, health_check_interval=15
        )
    except ValueError as error:
        raise OperatorError(
            setting="REDIS_URL",
            problem=f"it is invalid ({error})",
            remedy="Write it as redis://host:6379/0 or unix:///path/to/socket?db=0",
        ) from error


class SaqNotifier:
    """Implements ``Notifier``.

    Args:
        url: URL of a Redis or Valkey that only paygate uses.
        gateway: Part of the queues' names. Gateways that share a Redis have different ones:
            a worker would otherwise take the jobs of another gateway.
    """

    def __init__(self, url: str, *, gateway: str = "") -> None:
        self._redis = connect(url)
        self._queues = {queue: JobQueue(self._redis, _name(gateway, queue)) for queue in QUEUES}
        self._housekeeping = JobQueue(self._redis, _name(gateway, HOUSEKEEPING))
        self._waiting: dict[Queue, list[str]] = defaultdict(list)
        self._flusher: asyncio.Task[None] | None = None
        self._is_closed = False
        self._refusal: str | None = None

    @property
    def refusal(self) -> str | None:
        return self._refusal

    def notify(self, queue: Queue, row_id: str) -> None:
        """See ``Notifier.notify``. A task of its own sends it: no response waits for Redis."""
        waiting = self._waiting[queue]
        if self._is_closed or len(waiting) >= NOTIFICATIONS_BUFFERED_MAX:
            return
        waiting.append(row_id)
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        await asyncio.sleep(GATHER_S)
        while any(self._waiting.values()):
            waiting, self._waiting = self._waiting, defaultdict(list)
            try:
                async with asyncio.timeout(FLUSH_TIMEOUT_S):
                    for queue, ids in waiting.items():
                        await self._enqueue(queue, ids)
                self._refusal = None
            except UNAVAILABLE as error:
                self._note(error)
                # Workers poll the rows; a retry would only wait again.
                reason = str(error) or f"no answer within {FLUSH_TIMEOUT_S:g} s"
                log.warning("notifier: Redis is unavailable, notifications are dropped: %s", reason)
                await asyncio.sleep(PING_EVERY_S)
                self._waiting.clear()

    async def _enqueue(self, queue: Queue, ids: list[str]) -> None:
        for start in range(0, max(1, len(ids)), IDS_PER_JOB_MAX):
            # A unique key: SAQ drops a job whose key it still knows.
            await self._queues[queue].enqueue(
                PROCESS,
                key=uuid4().hex,
                ids=ids[start : start + IDS_PER_JOB_MAX],
                timeout=0,
                heartbeat=0,
                retries=1,
                ttl=-1,
            )

    async def listen(self, jobs: Jobs) -> None:
        # A worker that begins, perhaps with another vault key, does not wait for the cron job.
        first = asyncio.create_task(jobs.housekeeping())
        try:
            await self._listen(jobs)
        finally:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)

    async def _listen(self, jobs: Jobs) -> None:
        pause_s, kept_s, was_away = BACKOFF_MIN_S, time.monotonic(), False
        while True:
            began_s = time.monotonic()
            if await self._answers():
                await self._work_until_away(jobs, was_away=was_away)
                was_away = True
                kept_s = time.monotonic()
            if time.monotonic() - kept_s > HOUSEKEEPING_OVERDUE_S:
                await jobs.housekeeping()
                kept_s = time.monotonic()
            # SAQ alone would loop at full speed while Redis is unavailable or refuses commands.
            if time.monotonic() - began_s > BACKOFF_MAX_S:
                pause_s = BACKOFF_MIN_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, BACKOFF_MAX_S)

    async def _work_until_away(self, jobs: Jobs, *, was_away: bool) -> None:
        workers = [self._worker(queue, jobs) for queue in jobs.queues]
        workers.append(self._housekeeper(jobs))
        for worker in workers:
            cast("JobQueue", worker.queue).error = None
        running = [asyncio.create_task(worker.start()) for worker in workers]
        try:
            # Redis does not report that it has stopped.
            while not (await asyncio.wait(running, timeout=PING_EVERY_S, return_when=FIRST))[0]:
                if not await self._answers():
                    break
                if was_away:
                    log.info("redis: notifications arrive again")
                    was_away = False
            log.warning("redis: no notifications arrive; due rows are found by the sweep meanwhile")
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            for worker in workers:
                self._note(cast("JobQueue", worker.queue).error)

    def _note(self, error: Exception | None) -> None:
        """Record that Redis responds but refuses a command: read-only, full, or by its ACL."""
        if not isinstance(error, ResponseError) or self._refusal == str(error):
            return
        self._refusal = str(error)
        log.warning(
            "redis: it responds to PING and refuses the queue (%s); "
            "due rows are found by the sweep, up to two seconds later",
            error,
        )

    def _worker(self, queue: Queue, jobs: Jobs) -> QueueJobs:
        async def process(_context: object, *, ids: list[str]) -> None:
            log.debug("job: process %s %s", queue, ids)
            await jobs.process(queue)

        return QueueJobs(
            self._queues[queue],
            functions=[(PROCESS, process)],
            concurrency=JOBS_MAX,
            dequeue_timeout=5,
        )

    def _housekeeper(self, jobs: Jobs) -> QueueJobs:
        async def housekeeping(_context: object) -> None:
            await jobs.housekeeping()

        # SAQ names a cron job after its function.
        housekeeping.__qualname__ = "housekeeping"
        cron = CronJob(
            housekeeping, EVERY_MINUTE, timeout=HOUSEKEEPING_ENDS_AFTER_S, retries=1, ttl=-1
        )
        return QueueJobs(
            self._housekeeping, functions=[], cron_jobs=[cron], concurrency=1, dequeue_timeout=5
        )

    async def is_connected(self) -> bool | None:
        if not await self._answers():
            return False
        if self._refusal is not None:
            await self.probe()
        return self._refusal is None

    async def probe(self) -> None:
        """Check whether Redis accepts notifications: send one without a row."""
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                await self._enqueue(QUEUES[0], [])
        except UNAVAILABLE as error:
            self._note(error)
        else:
            self._refusal = None

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                await cast("Awaitable[bool]", self._redis.ping())
        except UNAVAILABLE:
            return False
        return True

    async def close(self) -> None:
        self._is_closed = True
        if self._flusher is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_TIMEOUT_S):
                    await self._flusher
        with suppress(*UNAVAILABLE):
            await self._redis.aclose()
