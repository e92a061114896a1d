"""A test session: a background loop, servers, and their databases."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from datetime import datetime
from typing import TypeVar

from ..adapters.embedded.throwaway import throwaway_servers
from ..adapters.serving.server import answer, listen_anywhere
from ..plugins.host import installed_plugins
from .app import PaygateApp, PaygateServer
from .background_loop import BackgroundLoop
from .core import AppCore, running
from .databases import Databases
from .scenario_coverage import ScenariosMet, scenarios_met

HOST = "127.0.0.1"
# How long requests of a finished test may still run.
GRACE_S = 1.0
Entered = TypeVar("Entered")


class Session:
    """Creates apps, each with its own database. One session for a process is enough.

    Args:
        loop: The loop in which the apps run.
        databases: Databases on the server that all apps use.

    Attributes:
        on_scenarios: Receives which scenarios each app has met, when it closes; None for no one.
    """

    def __init__(self, loop: BackgroundLoop, databases: Databases) -> None:
        self.on_scenarios: Callable[[ScenariosMet], None] | None = None
        self._loop = loop
        self._databases = databases
        # Looked up once: nothing is installed while tests run.
        self._plugins = installed_plugins()

    @contextmanager
    def app(
        self, environ: Mapping[str, str] | None = None, at: datetime | None = None
    ) -> Iterator[PaygateApp]:
        """Run an app with methods to await.

        Args:
            environ: Settings of paygate and of its plugins.
            at: The start time of its clock; None is the real time.
        """
        with self._entered(self._app(environ or {}, at)) as core:
            yield PaygateApp(self._loop, core)

    @contextmanager
    def server(
        self, environ: Mapping[str, str] | None = None, at: datetime | None = None
    ) -> Iterator[PaygateServer]:
        """Run an app on a local port, with blocking methods. See ``app``."""
        with self._entered(self._served(environ or {}, at)) as (core, url):
            yield PaygateServer(self._loop, core, url)

    @asynccontextmanager
    async def _app(self, environ: Mapping[str, str], at: datetime | None) -> AsyncIterator[AppCore]:
        url = await self._databases.acquire()
        try:
            folder = environ.get("PAYGATE_PLUGIN_FOLDER")
            plugins = installed_plugins(folder=folder) if folder else self._plugins
            async with running(url, environ, at, plugins=plugins) as core:
                yield core
                if self.on_scenarios is not None:
                    self.on_scenarios(await scenarios_met(core))
        finally:
            self._databases.release(url)

    @asynccontextmanager
    async def _served(
        self, environ: Mapping[str, str], at: datetime | None
    ) -> AsyncIterator[tuple[AppCore, str]]:
        listening, port = listen_anywhere(HOST)
        # URLs that the app reports lead to this server.
        own = {"PORT": str(port), "PAYGATE_API_URL": f"http://{HOST}:{port}"}
        async with self._app({**own, **environ}, at) as core, _answering(core, listening):
            yield core, f"http://{HOST}:{port}"

    @contextmanager
    def _entered(self, entering: AbstractAsyncContextManager[Entered]) -> Iterator[Entered]:
        stack = AsyncExitStack()
        entered = self._loop.run(stack.enter_async_context(entering))
        try:
            yield entered
        finally:
            self._loop.run(stack.aclose())


@asynccontextmanager
async def _answering(core: AppCore, listening: socket.socket) -> AsyncIterator[None]:
    stopped = asyncio.Event()
    serving = asyncio.create_task(answer(core.web, listening, stopped, grace_s=GRACE_S))
    try:
        yield
    finally:
        stopped.set()
        # Event streams do not end by themselves.
        core.deps.live.close()
        await serving


@contextmanager
def open_session(server_url: str = "", run: str | None = None) -> Iterator[Session]:
    """Open a session on its own server, or on a given one.

    Args:
        server_url: URL of a database on a PostgreSQL server that allows creating databases;
            empty starts a server.
        run: Processes with the same run share the server that is started.

    Raises:
        OperatorError: No server is available.
    """
    with ExitStack() as stack:
        if not server_url:
            server_url = stack.enter_context(throwaway_servers(run)).urls.database_url
        loop = BackgroundLoop()
        stack.callback(loop.close)
        databases = loop.run(Databases.open(server_url))
        stack.callback(lambda: loop.run(databases.close()))
        yield Session(loop, databases)
