"""Serve the bank on a socket. A connection can be broken, which the servers of the API cannot."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiohttp import web

from ..adapters.clock.database import SystemClock
from ..adapters.http.client import AiohttpClient
from ..core.clock import Clock
from .api import Asked, BankApi, ConnectionBrokenError, Reply
from .bank import Bank
from .callbacks import BankClock
from .operation import BankSettings
from .wire import BankError

API_KEY = "bank_test_key"
CALLBACK_SECRET = "bank_test_callbacks"  # noqa: S105 - published, and moves no real money
BODY_BYTES_MAX = 64 * 1024
# A call that hangs does not delay the end of the bank.
GRACE_S = 0.1


@dataclass(frozen=True, slots=True)
class BankKeys:
    """What the bank and its caller share.

    Args:
        api_key: Moves money.
        callback_secret: Signs callbacks.
    """

    api_key: str = API_KEY
    callback_secret: str = CALLBACK_SECRET


NO_SETTINGS = BankSettings()
KEYS = BankKeys()


@asynccontextmanager
async def open_bank(
    listening: socket.socket,
    settings: BankSettings = NO_SETTINGS,
    *,
    keys: BankKeys = KEYS,
    seed: int = 1,
    clock: Clock | None = None,
) -> AsyncIterator[Bank]:
    """Serve a bank while the block runs.

    Args:
        listening: A listening socket; it is closed at the end.
        settings: What the bank does unless a request says otherwise.
        keys: What the bank and its caller share.
        seed: Seed of random latencies.
        clock: The bank's time until a test moves it ahead; None is the machine's.

    Raises:
        BankError: There is no scenario of the name in the settings.
    """
    # The address is the user's own, and may be on this machine.
    http = AiohttpClient(allow_private=True)
    secret = keys.callback_secret
    own = BankClock(clock or SystemClock())
    bank = Bank(own, http, callback_secret=secret, settings=settings, seed=seed)
    runner = web.AppRunner(
        _app(BankApi(bank, keys.api_key)), access_log=None, shutdown_timeout=GRACE_S
    )
    await runner.setup()
    await web.SockSite(runner, listening).start()
    sending = asyncio.create_task(bank.run())
    try:
        yield bank
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await runner.cleanup()
        await http.close()


def _app(api: BankApi) -> web.Application:
    async def answer(request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = await request.read()
            reply = await api.respond(Asked(request.method, request.path, headers, body))
        except web.HTTPRequestEntityTooLarge:
            error = BankError(413, "too_large", f"A body has at most {BODY_BYTES_MAX} bytes")
            return web.json_response(error.as_json(), status=error.status)
        except ConnectionBrokenError:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return _response(reply)

    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_route("*", "/{path:.*}", answer)
    return app


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)
