"""Answering HTTP on a socket."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

BACKLOG = 1024
# Requests under way get this long to end when it is over.
GRACE_S = 20
# A page that looks again every five seconds would often send its request in the very
# moment in which an idle connection is closed after five, and see it reset. Browsers
# and proxies give a connection up after a minute or less, so they are the first to.
# After a signal idle connections are closed at once.
KEEP_ALIVE_S = 75


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
