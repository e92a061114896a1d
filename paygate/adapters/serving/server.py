"""Answering HTTP on a socket."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import hypercorn.protocol
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.protocol.h11 import H11Protocol

BACKLOG = 1024
# Requests under way get this long to end when it is over.
GRACE_S = 20
# A page that looks again every five seconds would often send its request in the very
# moment in which an idle connection is closed after five, and see it reset. Browsers
# and proxies give a connection up after a minute or less, so they are the first to.
# After a signal idle connections are closed at once.
KEEP_ALIVE_S = 75
UPGRADES = frozenset({b"upgrade", b"http2-settings"})


class _Http1(H11Protocol):
    """HTTP/1.1 that is never upgraded.

    To ``Upgrade: h2c`` hypercorn answers 101. Behind a proxy that forwards the header this is a
    tunnel past the proxy's rules, such as its rate limits.
    """

    async def _check_protocol(self, event: Any) -> None:
        """Neither upgrade to HTTP/2 nor assume it."""

    async def _create_stream(self, request: Any) -> None:
        kept = [pair for pair in request.headers if pair[0].lower() not in UPGRADES]
        await super()._create_stream(
            type(request)(
                method=request.method,
                target=request.target,
                headers=kept,
                http_version=request.http_version,
            )
        )


# Where hypercorn looks it up for each connection that is not encrypted.
hypercorn.protocol.H11Protocol = _Http1  # type: ignore[attr-defined]


async def answer(
    app: Any, listening: socket.socket, stopped: asyncio.Event, *, grace_s: float = GRACE_S
) -> None:
    """Answer requests on that socket until told to stop.

    Args:
        app: An ASGI app.
        listening: Bound and listening; it is closed at the end.
        stopped: Ends it when it is set.
        grace_s: What requests under way get then.
    """
    await serve(app, _config(listening, grace_s), shutdown_trigger=stopped.wait)


def _config(listening: socket.socket, grace_s: float) -> Config:
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.graceful_timeout = grace_s
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.backlog = BACKLOG
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    return config


def listen_anywhere(host: str) -> tuple[socket.socket, int]:
    """A socket that listens there on a port nobody has, and that port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind((host, 0))
    listening.listen(BACKLOG)
    return listening, int(listening.getsockname()[1])
