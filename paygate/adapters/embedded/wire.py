"""Minimal PostgreSQL and Valkey clients, to check whether a server is ready.

An accepted connection proves little: PostgreSQL accepts connections while it recovers, Valkey
while it loads. A client library takes longer to import than the servers take to start.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_TIMEOUT_S = 5.0
_PROTOCOL_3 = 196_608
USER = "paygate"

OK = "00000"
NO_SUCH_DATABASE = "3D000"
TOO_MANY_CONNECTIONS = "53300"


def ask_postgres(path: Path, *, database: str, sql: str = "") -> str:
    """Connect, send one statement, and disconnect.

    Args:
        path: The server's socket.
        database: The database to connect to.
        sql: The statement; empty to check that the server accepts connections.

    Returns:
        The SQLSTATE of the first error, or ``OK``.

    Raises:
        OSError: No server responds, or the connection breaks.
    """
    with _connect(path) as link, link.makefile("rb") as answers:
        parameters = f"user\0{USER}\0database\0{database}\0\0".encode()
        link.sendall(struct.pack("!ii", len(parameters) + 8, _PROTOCOL_3) + parameters)
        state = _until_ready(answers)
        if state == OK and sql:
            query = sql.encode() + b"\0"
            link.sendall(b"Q" + struct.pack("!i", len(query) + 4) + query)
            state = _until_ready(answers)
        if state == OK:
            link.sendall(b"X" + struct.pack("!i", 4))
        return state


def ask_valkey(path: Path, command: str) -> bytes:
    """Send one command without arguments; return the first line of the response.

    Returns:
        The line; empty if the server closes the connection.

    Raises:
        OSError: No server responds.
    """
    with _connect(path) as link, link.makefile("rb") as answers:
        link.sendall(command.encode() + b"\r\n")
        return answers.readline()


def _connect(path: Path) -> socket.socket:
    link = socket.socket(socket.AF_UNIX)
    try:
        link.settimeout(_TIMEOUT_S)
        link.connect(str(path))
    except OSError:
        link.close()
        raise
    return link


def _until_ready(answers: BinaryIO) -> str:
    state = OK
    for kind, body in _messages(answers):
        if kind == b"E":
            fields = body.split(b"\0")
            codes = [field[1:].decode() for field in fields if field[:1] == b"C"]
            # After a connection error the server sends nothing more.
            return codes[0]
        if kind == b"Z":
            return state
    raise ConnectionResetError("the server closed the connection")


def _messages(answers: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    while len(head := answers.read(5)) == 5:
        (length,) = struct.unpack("!i", head[1:])
        yield head[:1], answers.read(length - 4)
