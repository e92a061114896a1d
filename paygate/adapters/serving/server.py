"""Serve HTTP on a socket, with one of several servers."""

from __future__ import annotations

import asyncio
import socket
from importlib import import_module
from typing import Any, Protocol, cast

from ...core.errors import OperatorError
from .limits import BACKLOG, GRACE_S

DEFAULT = "hypercorn"


class Serve(Protocol):
    """Serves an app on a socket; one module for each server has it as ``serve_app``."""

    async def __call__(
        self, app: Any, listening: socket.socket, stopped: asyncio.Event, *, grace_s: float
    ) -> None:
        """Serve requests until ``stopped`` is set; see ``answer``."""
        ...


def find_server(name: str) -> Serve:
    """Return the server of that name.

    Raises:
        OperatorError: It is not installed.
    """
    try:
        module = import_module(f".{name}_server", __package__)
    except ModuleNotFoundError as error:
        raise OperatorError(
            setting="PAYGATE_SERVER",
            problem=f"the package {error.name} is not installed",
            remedy=f"Install paygate-framework[{name}], or remove the setting",
        ) from error
    return cast("Serve", module.serve_app)


async def answer(
    app: Any,
    listening: socket.socket,
    stopped: asyncio.Event,
    *,
    server: str = DEFAULT,
    grace_s: float = GRACE_S,
) -> None:
    """Serve requests on a socket until it is stopped.

    Args:
        app: An ASGI app.
        listening: A listening socket; it is closed at the end.
        stopped: Stops the server when it is set.
        server: Name of the server.
        grace_s: How long requests may run after that.

    Raises:
        OperatorError: The server is not installed.
    """
    await find_server(server)(app, listening, stopped, grace_s=grace_s)


def listen_anywhere(host: str) -> tuple[socket.socket, int]:
    """Listen on any free port; return the socket and the port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind((host, 0))
    listening.listen(BACKLOG)
    return listening, int(listening.getsockname()[1])
