"""Listen on a port of this machine until a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
    with _errors_named(host, port, setting):
        bound = _bind(host, port, share=share)
        try:
            # Listen now, so that a second process is refused at once.
            bound.listen(BACKLOG)
        except OSError:
            bound.close()
            raise
        return bound


def reserve(host: str, port: int, *, share: bool = False) -> socket.socket:
    """Return a socket that keeps a port for processes of this user, and gets no connections.

    Args:
        host: Address of this machine.
        port: 0 for any free port.
        share: Do not refuse a port that other paygate processes share already.

    Raises:
        OperatorError: See ``listen``.
    """
    if not share:
        listen(host, port).close()
    with _errors_named(host, port, "PORT"):
        return _bind(host, port, share=True)


def _bind(host: str, port: int, *, share: bool) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


@contextmanager
def _errors_named(host: str, port: int, setting: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OperatorError(
            setting=setting,
            problem=f"{host}:{port} is not available ({error.strerror})",
            remedy="Choose another port, or stop the process that uses it",
        ) from error


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


def reachable(host: str) -> str:
    """Return an address at which this machine reaches a server that listens on ``host``."""
    return "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound


def stop_signal() -> asyncio.Event:
    """Return an event that SIGINT or SIGTERM sets."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def end_with_stdin() -> None:
    """End this process when its standard input ends: the process at its other end has ended."""

    def read() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=read, daemon=True).start()
