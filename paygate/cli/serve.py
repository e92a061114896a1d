"""Serve the API and the pages, and run the worker."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from secrets import token_hex
from urllib.parse import urlsplit

from ..adapters.notifier.local import LocalNotifier
from ..adapters.notifier.saq_jobs import SaqNotifier
from ..adapters.postgres.database import is_pooler
from ..adapters.postgres.database_url import parse_database_url
from ..adapters.postgres.errors import is_starting
from ..adapters.postgres.migrate import migrate, missing_migrations
from ..adapters.postgres.storage import PostgresStorage
from ..adapters.serving.server import answer, find_server
from ..bootstrap import App, direct_url, open_app, pages
from ..core.api.app import WebSettings, create_app
from ..core.api.metrics import create_probe_app
from ..core.api.pages.own_ports import KINDS, Kind
from ..core.api.web_app import WebApp
from ..core.errors import OperatorError, WorkerEndedError
from ..core.observe.metrics import MetricsPage
from ..core.observe.readiness import Readiness
from ..core.queue.notifier import QUEUES, Queue
from ..core.queue.worker import Worker
from ..core.webhooks.stream import LiveEvents
from ..logs import logger
from ..production import refuse_unsafe
from ..seeding import seed
from ..settings import Settings
from .listening import address, listen, refuse_remote_development, stop_signal
from .setup import Setup

POLL_EVERY_S = 0.5


async def wait_for_servers(settings: Settings) -> None:
    """Return when PostgreSQL and Redis are ready; they may start together with this process.

    Raises:
        OperatorError: PostgreSQL is not ready in time, or rejects the connection.
    """
    deadline_s = time.monotonic() + settings.start_timeout_s
    await _wait_for_database(settings, deadline_s)
    if settings.redis_url and not settings.redis_optional:
        await _wait_for_redis(settings, deadline_s)


async def _wait_for_database(settings: Settings, deadline_s: float) -> None:
    url, is_logged = parse_database_url(settings.database_url), False
    while True:
        try:
            await is_pooler(url)
        except OperatorError as error:
            if not is_starting(error.__cause__) or time.monotonic() >= deadline_s:
                raise
            if not is_logged:
                _log_waiting("waiting for PostgreSQL", settings, reason=error.problem)
            is_logged = True
            await asyncio.sleep(POLL_EVERY_S)
        else:
            return


async def _wait_for_redis(settings: Settings, deadline_s: float) -> None:
    notifier, is_logged = SaqNotifier(settings.redis_url), False
    try:
        # Opening the app reports a missing Redis.
        while not await notifier.is_connected() and time.monotonic() < deadline_s:
            if not is_logged:
                _log_waiting("waiting for Redis", settings, reason="no response")
            is_logged = True
            await asyncio.sleep(POLL_EVERY_S)
    finally:
        await notifier.close()


def _log_waiting(what: str, settings: Settings, *, reason: str) -> None:
    logger("paygate").warning(what, reason=reason, seconds_at_most=settings.start_timeout_s)


async def say_connected(app: App) -> None:
    """Log the servers that the process is connected to."""
    version = await app.storage.executor.fetchval("SHOW server_version")
    logger("paygate").info(
        "connected to PostgreSQL", version=version, at=_place(app.settings.database_url)
    )
    if not app.settings.redis_url:
        logger("paygate").info("Redis is not used: workers poll the database once a second")
    elif app.deps.notifier.refusal is None and await app.deps.notifier.is_connected():
        logger("paygate").info("connected to Redis", at=_place(app.settings.redis_url))


def _place(url: str) -> str:
    """Return the address without the password and the parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


SETTINGS = {"dashboard": "PAYGATE_DASHBOARD_PORT", "checkout": "PAYGATE_CHECKOUT_PORT"}


async def serve_pages(kind: Kind, setup: Setup, *, port: int | None = None) -> None:
    """Serve one kind of pages until SIGINT or SIGTERM. Needs no database.

    Raises:
        OperatorError: The port is in use, or the HTTP server is not installed.
    """
    settings = setup.settings
    refuse_unsafe(settings, setup.environ, needs_vault=False)
    refuse_remote_development(settings)
    find_server(settings.server)
    chosen = _port(kind, settings) if port is None else port
    listening = listen(settings.host, chosen, setting=SETTINGS[kind])
    logger("paygate").info("serving pages", kind=kind, at=address(listening))
    await answer(pages(kind, settings), listening, stop_signal(), server=settings.server)


def listening_pages(settings: Settings) -> list[tuple[WebApp, socket.socket]]:
    """Listen on the pages' own ports. A port in use is logged, not an error."""
    found = []
    for kind in KINDS:
        try:
            listening = listen(settings.host, _port(kind, settings), setting=SETTINGS[kind])
        except OperatorError as error:
            logger("paygate").info("pages are served on the API's port only", reason=str(error))
            continue
        found.append((pages(kind, settings), listening))
    return found


def _port(kind: Kind, settings: Settings) -> int:
    return settings.dashboard_port if kind == "dashboard" else settings.checkout_port


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
    """Serve the API until SIGINT or SIGTERM.

    Args:
        setup: The settings and their environment.
        share_port: Allow other ``paygate serve`` processes to listen on the same port.
        with_worker: Also run a worker in this process; the notifier then needs no Redis.
        with_pages: Also serve the dashboard and the checkout page on their own ports if those
            are free. They are always served on the API's port.
        prepare: Migrate and seed first.
        listening: The socket to use; None creates one from the settings.
        ready: Called when the server accepts requests.

    Raises:
        OperatorError: The port is in use, or the app cannot be started.
        WorkerEndedError: The worker ended by itself.
    """
    refuse_unsafe(setup.settings, setup.environ)
    refuse_remote_development(setup.settings)
    find_server(setup.settings.server)
    listening = listening or listen(setup.settings.host, setup.settings.port, share=share_port)
    await wait_for_servers(setup.settings)
    if prepare:
        await migrate(direct_url(setup.settings))
    notifier = LocalNotifier() if with_worker and not setup.settings.redis_url else None
    async with open_app(setup.settings, setup.environ, notifier=notifier) as app:
        if prepare or app.deps.policy.test_merchant is not None:
            await seed(app.deps)
        worker = Worker(app.deps, worker_id=new_worker_id()) if with_worker else None
        working = asyncio.create_task(worker.run()) if worker else None
        # Objects of the start-up live as long as the process; the collector need not scan them.
        gc.freeze()
        stopped = stop_signal()
        web = replace(app.web, is_stopping=stopped.is_set)
        if working is not None:
            # Without its worker this process would accept payments that are never processed.
            working.add_done_callback(lambda _: stopped.set())
            web = replace(web, worker_runs=lambda: not working.done())
        served = [(create_app(app.deps, web), listening), *_probes(app, web, share=share_port)]
        if with_pages:
            served += listening_pages(setup.settings)
        await say_connected(app)
        logger("paygate").info("serving", at=address(listening), with_worker=with_worker)
        if ready is not None:
            # The socket listens already: requests wait until the server accepts them.
            ready(app)
        await _answer_all(app, served, stopped)
        if worker is not None and working is not None:
            await finish(worker, working)


async def _answer_all(
    app: App, served: Sequence[tuple[WebApp, socket.socket]], stopped: asyncio.Event
) -> None:
    ending = asyncio.create_task(_end_streams(app.deps.live, stopped))
    server = app.settings.server
    await asyncio.gather(*(answer(*each, stopped, server=server) for each in served))
    await ending


async def _end_streams(live: LiveEvents, stopped: asyncio.Event) -> None:
    """End event streams, which would otherwise delay the shutdown to its limit."""
    await stopped.wait()
    live.close()


log = logging.getLogger(__name__)
MIGRATED_WITHIN_S = 30


def machine_name() -> str:
    """Return the prefix of the ids of this machine's workers."""
    return socket.gethostname()[:40]


def new_worker_id() -> str:
    """Return a unique and readable id: host, process, random part."""
    return f"{machine_name()}:{os.getpid()}:{token_hex(4)}"


async def work(setup: Setup, *, wait: bool = False, queues: Collection[Queue] = QUEUES) -> None:
    """Run a worker until SIGINT or SIGTERM, then finish the jobs in progress.

    Args:
        setup: The settings and their environment.
        queues: The queues to work on.
        wait: Wait up to half a minute for another process to migrate the database.

    Raises:
        OperatorError: The app cannot be started.
    """
    refuse_unsafe(setup.settings, setup.environ)
    stopped = stop_signal()
    await wait_for_servers(setup.settings)
    if wait:
        await _wait_for_migrations(setup.settings.database_url)
    async with open_app(setup.settings, setup.environ) as app:
        worker = Worker(app.deps, worker_id=new_worker_id(), queues=queues)
        probes = _listen_for_probes(setup.settings)
        ended = asyncio.Event()
        probing = asyncio.create_task(_answer_probes(worker, app, probes, stopped, ended))
        gc.freeze()
        await say_connected(app)
        logger("paygate").info("working", worker=worker.worker_id, queues=list(queues))
        running = asyncio.create_task(worker.run())
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        try:
            await finish(worker, running)
        finally:
            ended.set()
            await probing


def _listen_for_probes(settings: Settings, *, share: bool = False) -> socket.socket | None:
    """Listen on the port for probes; return None if there is none.

    Raises:
        OperatorError: The port is in use.
    """
    if not settings.metrics_port:
        return None
    host, port = settings.metrics_host, settings.metrics_port
    return listen(host, port, share=share, setting="PAYGATE_METRICS_PORT")


async def _answer_probes(
    worker: Worker,
    app: App,
    listening: socket.socket | None,
    stopped: asyncio.Event,
    ended: asyncio.Event,
) -> None:
    """Serve the probes of a worker until it has ended; while it finishes, it is not ready."""
    if listening is None:
        return
    readiness = Readiness(
        app.deps.storage.missing_migrations, stopped.is_set, lambda: worker.is_alive
    )
    logger("paygate").info("serving probes", at=address(listening))
    server = app.settings.server
    await answer(_probe_app(app, readiness), listening, ended, server=server, grace_s=1)


def _probes(app: App, web: WebSettings, *, share: bool) -> list[tuple[WebApp, socket.socket]]:
    """Listen on the port for the probes and the metrics, if the settings name one.

    Processes that share the API's port share this one, and each shows the counts of all.
    """
    probes = _listen_for_probes(app.settings, share=share)
    if probes is None:
        return []
    readiness = Readiness(app.deps.storage.missing_migrations, web.is_stopping, web.worker_runs)
    return [(_probe_app(app, readiness), probes)]


def _probe_app(app: App, readiness: Readiness) -> WebApp:
    deps = app.deps
    return create_probe_app(readiness, MetricsPage(deps.metrics, deps.storage, deps.clock))


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
        # The last handler: whatever the error was, a supervisor should start a new worker.
        log.exception("the worker failed")
        raise WorkerEndedError(f"the worker failed ({error!r}), so this process ends") from error
    if ended_by_itself:
        raise WorkerEndedError("the worker ended by itself, so this process ends")


async def _wait_for_migrations(url: str) -> None:
    storage = await PostgresStorage.connect(url, pool_size=2)
    try:
        async with asyncio.timeout(MIGRATED_WITHIN_S):
            while await missing_migrations(storage.executor):  # noqa: ASYNC110 - another process migrates
                await asyncio.sleep(0.05)
    except TimeoutError:
        return  # opening the app reports what is missing
    finally:
        await storage.close()
