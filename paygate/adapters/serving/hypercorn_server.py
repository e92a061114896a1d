"""Serve with hypercorn."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import hypercorn.asyncio.run
from hypercorn.asyncio import serve
from hypercorn.config import Config

from .http1 import Connection
from .limits import BACKLOG

# hypercorn reads this name for each connection. Its own class takes several times as long for a
# request, and offers upgrades.
hypercorn.asyncio.run.TCPServer = Connection  # type: ignore[attr-defined]  # not exported


async def serve_app(
    app: Any, listening: socket.socket, stopped: asyncio.Event, *, grace_s: float
) -> None:
    """Serve requests on a socket until it is stopped."""
    await serve(app, _config(listening, grace_s), shutdown_trigger=stopped.wait)


def _config(listening: socket.socket, grace_s: float) -> Config:
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.graceful_timeout = grace_s
    config.backlog = BACKLOG
    config.accesslog = None
    config.errorlog = None
    return config
