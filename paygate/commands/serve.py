"""``paygate serve``: the API."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from ..adapters.bell.local import LocalBell
from ..adapters.storage.migrate import migrate
from ..bootstrap import open_app, seed
from ..core.web.app import create_app
from ..core.workers.worker import Worker
from .listening import BACKLOG, listen
from .setup import Setup
from .work import new_worker_id

# Requests under way get this long to end after a signal.
GRACE_S = 20


async def serve(
    setup: Setup, *, share_port: bool = False, with_worker: bool = False, prepare: bool = False
) -> None:
    """Answer requests until SIGINT or SIGTERM.

    Args:
        setup: With addresses.
        share_port: Let other ``paygate serve`` processes listen on the same port.
        with_worker: Work as well, in this process; the bell then needs no Redis.
        prepare: Migrate and seed first.

    Raises:
        OperatorError: The port is taken, or the app cannot be put together.
    """
    listening = listen(setup.settings.host, setup.settings.port, share=share_port)
    if prepare:
        await migrate(setup.settings.database_url)
    bell = LocalBell() if with_worker and not setup.settings.redis_url else None
    async with open_app(setup.settings, setup.environ, bell=bell) as app:
        if prepare or app.deps.test_merchant is not None:
            await seed(app.deps)
        worker = Worker(app.deps, worker_id=new_worker_id()) if with_worker else None
        working = asyncio.create_task(worker.run()) if worker else None
        # What start-up made stays for ever; the collector need not look at it again.
        gc.freeze()
        await hypercorn_serve(
            create_app(app.deps, app.web),
            _config(listening),
            shutdown_trigger=stop_signal().wait,
        )
        if worker is not None and working is not None:
            worker.stop()
            await working


def stop_signal() -> asyncio.Event:
    """Set by SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def _config(listening: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.graceful_timeout = GRACE_S
    config.backlog = BACKLOG
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    return config
