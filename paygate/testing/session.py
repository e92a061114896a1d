"""What a test session keeps: a room, servers, and databases on them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
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
from .core import AppCore, running
from .databases import Databases
from .room import Room

HOST = "127.0.0.1"
# A test is over; who still waits for an answer of its app waits in vain.
GRACE_S = 1.0
Entered = TypeVar("Entered")


class Session:
    """Makes apps, each with a database of its own. One for a process is enough.

    Args:
        room: Where they live.
        databases: On the server that all of them use.
    """

    def __init__(self, room: Room, databases: Databases) -> None:
        self._room = room
        self._databases = databases
        # Looked for once: nothing is installed while tests run.
        self._plugins = installed_plugins()

    @contextmanager
    def app(
        self, environ: Mapping[str, str] | None = None, at: datetime | None = None
    ) -> Iterator[PaygateApp]:
        """An app with methods to await.

        Args:
            environ: Settings of paygate and of its plugins.
            at: Where its clock stands at first; None is the real time.
        """
        with self._entered(self._app(environ or {}, at)) as core:
            yield PaygateApp(self._room, core)

    @contextmanager
    def server(
        self, environ: Mapping[str, str] | None = None, at: datetime | None = None
    ) -> Iterator[PaygateServer]:
        """An app on a port of this machine, with methods that block. See ``app``."""
        with self._entered(self._served(environ or {}, at)) as (core, url):
            yield PaygateServer(self._room, core, url)

    @asynccontextmanager
    async def _app(self, environ: Mapping[str, str], at: datetime | None) -> AsyncIterator[AppCore]:
        url = await self._databases.take()
        try:
            async with running(url, environ, at, plugins=self._plugins) as core:
                yield core
        finally:
            self._databases.give_back(url)

    @asynccontextmanager
    async def _served(
        self, environ: Mapping[str, str], at: datetime | None
    ) -> AsyncIterator[tuple[AppCore, str]]:
        listening, port = listen_anywhere(HOST)
        # Whatever the app says of itself leads to this very server.
        own = {"PORT": str(port), "PAYGATE_API_URL": f"http://{HOST}:{port}"}
        async with self._app({**own, **environ}, at) as core, _answering(core, listening):
            yield core, f"http://{HOST}:{port}"

    @contextmanager
    def _entered(self, entering: AbstractAsyncContextManager[Entered]) -> Iterator[Entered]:
        stack = AsyncExitStack()
        entered = self._room.run(stack.enter_async_context(entering))
        try:
            yield entered
        finally:
            self._room.run(stack.aclose())


@asynccontextmanager
async def _answering(core: AppCore, listening: socket.socket) -> AsyncIterator[None]:
    stopped = asyncio.Event()
    serving = asyncio.create_task(answer(core.web, listening, stopped, grace_s=GRACE_S))
    try:
        yield
    finally:
        stopped.set()
        # Streams never end by themselves.
        core.deps.live.close()
        await serving


@contextmanager
def open_session(server_url: str = "", run: str | None = None) -> Iterator[Session]:
    """A session on a server of its own, or on a named one.

    Args:
        server_url: Of a database on a PostgreSQL server where databases may be made;
            empty starts one.
        run: Processes that name the same run share the server that is started.

    Raises:
        OperatorError: No server can be had.
    """
    with ExitStack() as stack:
        if not server_url:
            server_url = stack.enter_context(throwaway_servers(run)).urls.database_url
        room = Room()
        stack.callback(room.close)
        databases = room.run(Databases.open(server_url))
        stack.callback(lambda: room.run(databases.close()))
        yield Session(room, databases)
