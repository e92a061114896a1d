"""Receive webhooks on a port of this machine, for commands that look at them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from ...core.errors import OperatorError

BODY_BYTES_MAX = 1024 * 1024
END_WITHIN_S = 1.0
"""For requests that are still being received at the end."""
Receive = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""Gets the headers, their names in lower case, and the body; returns the status to answer."""


@asynccontextmanager
async def receive_posts(host: str, port: int, receive: Receive) -> AsyncIterator[int]:
    """Answer POST requests to every path, and provide the port.

    Args:
        host: Address of this machine to listen on.
        port: 0 for any free port.
        receive: Decides the status of each answer.

    Raises:
        OperatorError: The port is not available.
    """

    async def answer(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return web.Response(status=await receive(headers, await request.read()))

    served = web.Application(client_max_size=BODY_BYTES_MAX)
    served.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=END_WITHIN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise OperatorError(
                setting="--webhook-port",
                problem=f"{host}:{port} is not available ({error.strerror})",
                remedy="Choose another port, or stop the process that uses it",
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
