"""``paygate work``: a worker."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
from collections.abc import Collection
from secrets import token_hex

from ..adapters.postgres.migrate import missing_migrations
from ..adapters.postgres.storage import PostgresStorage
from ..bootstrap import open_app
from ..core.errors import WorkerEndedError
from ..core.queue.notifier import QUEUES, Queue
from ..core.queue.worker import Worker
from ..logs import logger
from ..production import refuse_unsafe
from .setup import Setup
from .starting import say_connected, wait_for_servers

log = logging.getLogger(__name__)

MIGRATED_WITHIN_S = 30


def machine_name() -> str:
    """What stands first in the ids of this machine's workers."""
    return socket.gethostname()[:40]


def new_worker_id() -> str:
    """Unique for ever, and telling to a person: host, process, chance."""
    return f"{machine_name()}:{os.getpid()}:{token_hex(4)}"


async def work(setup: Setup, *, wait: bool = False, queues: Collection[Queue] = QUEUES) -> None:
    """Work until SIGINT or SIGTERM, then end what was begun.

    Args:
        setup: With addresses.
        queues: What to work on; other workers do the rest.
        wait: For somebody else to migrate the database, up to half a minute.

    Raises:
        OperatorError: The app cannot be put together.
    """
    from .serve import stop_signal  # noqa: PLC0415 - serve imports this module

    refuse_unsafe(setup.settings, setup.environ)
    stopped = stop_signal()
    await wait_for_servers(setup.settings)
    if wait:
        await _wait_for_migrations(setup.settings.database_url)
    async with open_app(setup.settings, setup.environ) as app:
        worker = Worker(app.deps, worker_id=new_worker_id(), queues=queues)
        gc.freeze()
        await say_connected(app)
        logger("paygate").info("working", worker=worker.worker_id, queues=list(queues))
        running = asyncio.create_task(worker.run())
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await finish(worker, running)


async def finish(worker: Worker, running: asyncio.Task[None]) -> None:
    """Stop a worker and wait for its end.

    Raises:
        WorkerEndedError: It had ended by itself.
    """
    ended_by_itself = running.done()
    worker.stop()
    try:
        await running
    except Exception as error:
        # The outermost net of a worker: whatever it was, a supervisor is to start another.
        log.exception("the worker failed")
        raise WorkerEndedError(f"the worker failed ({error!r}), so this process ends") from error
    if ended_by_itself:
        raise WorkerEndedError("the worker ended by itself, so this process ends")


async def _wait_for_migrations(url: str) -> None:
    storage = await PostgresStorage.connect(url, pool_size=2)
    try:
        async with asyncio.timeout(MIGRATED_WITHIN_S):
            while await missing_migrations(storage.executor):  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(0.05)
    except TimeoutError:
        return  # opening the app says what is missing
    finally:
        await storage.close()
