"""Listen on a port of this machine until a signal comes."""

from __future__ import annotations

import asyncio
import signal
import socket

from ..core.errors import OperatorError
from ..core.origins import is_loopback
from ..settings import Settings

BACKLOG = 1024


def listen(host: str, port: int, *, share: bool = False, setting: str = "PORT") -> socket.socket:
    """Return a listening socket.

    Args:
        host: Address of this machine.
        port: 0 for any free port.
        share: Allow other paygate processes to listen on the same port.
        setting: The setting that the error names.

    Raises:
        OperatorError: The port is in use, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
        # Listen now, so that a second process is refused at once.
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise OperatorError(
            setting=setting,
            problem=f"{host}:{port} is not available ({error.strerror})",
            remedy="Choose another port, or stop the process that uses it",
        ) from error
    return listening


def refuse_remote_development(settings: Settings) -> None:
    """Refuse to expose a server that accepts any password to other machines.

    Raises:
        OperatorError: ``HOST`` is not a loopback address, and the settings do not allow that.
    """
    if settings.is_production or settings.allow_remote_dev or is_loopback(settings.host):
        return
    raise OperatorError(
        setting="HOST",
        problem=f"{settings.host or 'every interface'} lets other machines reach a development "
        "server, which accepts the published key pair and any password",
        remedy="Set PAYGATE_ENV=production, listen on 127.0.0.1, or set PAYGATE_ALLOW_REMOTE_DEV=1 "
        "if only trusted machines can reach it",
    )


def address(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def stop_signal() -> asyncio.Event:
    """Return an event that SIGINT or SIGTERM sets."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped
