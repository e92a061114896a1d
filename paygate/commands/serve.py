"""``paygate serve``: the API."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from dataclasses import replace

from ..adapters.notifier.local import LocalNotifier
from ..adapters.postgres.migrate import migrate
from ..adapters.serving.server import answer
from ..bootstrap import App, direct_url, open_app
from ..core.api.app import create_app
from ..core.queue.worker import Worker
from ..core.webhooks.stream import LiveEvents
from ..logs import logger
from ..production import refuse_unsafe
from ..seeding import seed
from .listening import address, listen, refuse_remote_development
from .pages import listening_pages
from .setup import Setup
from .starting import say_connected, wait_for_servers
from .work import finish, new_worker_id


async def serve(
    setup: Setup,
    *,
    share_port: bool = False,
    with_worker: bool = False,
    with_pages: bool = False,
    prepare: bool = False,
    listening: socket.socket | None = None,
    ready: Callable[[App], None] | None = None,
) -> None:
    """Answer requests until SIGINT or SIGTERM.

    Args:
        setup: With addresses.
        share_port: Let other ``paygate serve`` processes listen on the same port.
        with_worker: Work as well, in this process; the notifier then needs no Redis.
        with_pages: Serve the dashboard and the checkout page on their own ports too, where
            those are free; they are on the API's port in any case.
        prepare: Migrate and seed first.
        listening: Answer on that socket; None listens where the settings say.
        ready: Told once requests are answered.

    Raises:
        OperatorError: The port is taken, or the app cannot be put together.
        WorkerEndedError: The worker has ended by itself.
    """
    refuse_unsafe(setup.settings, setup.environ)
    refuse_remote_development(setup.settings)
    listening = listening or listen(setup.settings.host, setup.settings.port, share=share_port)
    await wait_for_servers(setup.settings)
    if prepare:
        await migrate(direct_url(setup.settings))
    notifier = LocalNotifier() if with_worker and not setup.settings.redis_url else None
    async with open_app(setup.settings, setup.environ, notifier=notifier) as app:
        if prepare or app.deps.test_merchant is not None:
            await seed(app.deps)
        worker = Worker(app.deps, worker_id=new_worker_id()) if with_worker else None
        working = asyncio.create_task(worker.run()) if worker else None
        # What start-up made stays for ever; the collector need not look at it again.
        gc.freeze()
        stopped = stop_signal()
        web = app.web
        if working is not None:
            # Without its worker this process would take payments that nothing settles.
            working.add_done_callback(lambda _: stopped.set())
            web = replace(web, worker_runs=lambda: not working.done())
        served = [(create_app(app.deps, web), listening)]
        if with_pages:
            served += listening_pages(setup.settings)
        await say_connected(app)
        logger("paygate").info("serving", at=address(listening), with_worker=with_worker)
        if ready is not None:
            # The socket listens: who asks from now on waits a moment at most.
            ready(app)
        ending = asyncio.create_task(_end_streams(app.deps.live, stopped))
        await asyncio.gather(*(answer(*each, stopped) for each in served))
        await ending
        if worker is not None and working is not None:
            await finish(worker, working)


async def _end_streams(live: LiveEvents, stopped: asyncio.Event) -> None:
    """Streams never end by themselves, and would keep the process for all of its grace."""
    await stopped.wait()
    live.close()


def stop_signal() -> asyncio.Event:
    """Set by SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped
