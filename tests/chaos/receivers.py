"""The merchants' webhook servers, which misbehave."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from aiohttp import web

SLOW_S = 1.0


class Receiver:
    """Accepts most events; sometimes it is slow, answers 500, or breaks the connection.

    Attributes:
        accepted: How often each event was answered with 200.
    """

    def __init__(self, rng: Random) -> None:
        self.accepted: Counter[str] = Counter()
        self.url = ""
        self._rng = rng

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Answer one webhook."""
        await request.read()
        mood = self._rng.random()
        if mood < 0.05:
            return web.Response(status=500)
        if mood < 0.08 and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if mood < 0.12:
            await asyncio.sleep(SLOW_S)
        self.accepted[request.headers["webhook-id"]] += 1
        return web.Response(text="ok")


@asynccontextmanager
async def open_receiver(rng: Random) -> AsyncIterator[Receiver]:
    """Let a receiver listen."""
    receiver = Receiver(rng)
    app = web.Application()
    app.add_routes([web.post("/hook", receiver.receive)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    receiver.url = f"http://127.0.0.1:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
