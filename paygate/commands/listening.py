"""The API's port."""

from __future__ import annotations

import socket

from ..core.domain.errors import OperatorError

BACKLOG = 1024


def listen(host: str, port: int, *, share: bool = False, setting: str = "PORT") -> socket.socket:
    """A socket that listens there.

    Args:
        host: Address of this machine.
        port: 0 for any.
        share: Let other processes of ours listen on the same port.
        setting: What to name if it cannot be had.

    Raises:
        OperatorError: Somebody else does, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
        # Listening now, so that a second process is refused at once.
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise OperatorError(
            setting=setting,
            problem=f"{host}:{port} cannot be used ({error.strerror})",
            remedy="Choose another port, or stop the process that has it",
        ) from error
    return listening
