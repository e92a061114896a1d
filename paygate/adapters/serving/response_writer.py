"""Write the response to a request of an HTTP/1.1 connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from .request_parser import IncomingRequest

# Their responses have no body.
BODILESS = frozenset({204, 304})
# The server decides on these headers.
OWN = frozenset({b"connection", b"transfer-encoding"})


class DisconnectedError(ConnectionError):
    """The client has disconnected."""


class ResponseWriter:
    """Writes the response that an ASGI application sends in messages.

    Args:
        request: The request.
        writer: The connection.

    Attributes:
        is_complete: Whether the whole response is written.
        keeps_alive: Whether another request may follow it.
    """

    def __init__(self, request: IncomingRequest, writer: asyncio.StreamWriter) -> None:
        self.is_complete = False
        self.keeps_alive = request.keeps_alive
        self._request = request
        self._writer = writer
        # Not written yet; empty when it is written.
        self._head: bytes | None = None
        self._is_chunked = False
        self._is_bodiless = False
        # Bytes of the body that are still to come, if their number was announced.
        self._missing: int | None = None

    @property
    def is_started(self) -> bool:
        """Whether a part of it is written."""
        return self._head == b""

    async def send(self, message: Any) -> None:
        """Write a message of the application.

        Raises:
            DisconnectedError: The client has disconnected.
            RuntimeError: The application may not send it now.
            ValueError: A header contains a line break.
        """
        kind = message["type"]
        if kind == "http.response.start" and self._head is None:
            self._start(message["status"], message.get("headers", ()))
            if self._missing is None and not self._is_bodiless:
                # A stream, whose first part may be written much later.
                await self._write(b"")
        elif kind == "http.response.body" and self._head is not None and not self.is_complete:
            more = message.get("more_body", False)
            data = self._framed(bytes(message.get("body", b"")), more)
            self.is_complete = not more
            await self._write(data)
        else:
            raise RuntimeError(f"{kind} is not expected now")

    def refuse(self, status: int) -> None:
        """Write a response without a body, after which the connection is closed."""
        self.keeps_alive = False
        self._start(status, [(b"content-length", b"0")])
        self.is_complete = True
        if not self._writer.transport.is_closing():
            self._writer.write(self._take_head())

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        is_bodiless = self._request.method == "HEAD" or status in BODILESS
        lines = [_status_line(status), _date_line(int(asyncio.get_running_loop().time()))]
        missing: int | None = None
        for name, value in headers:
            lower = name.lower()
            if lower in OWN:
                if value.lower() == b"close":
                    self.keeps_alive = False
                continue
            if lower == b"content-length":
                missing = int(value)
            lines.append(b"%b: %b\r\n" % (name, value))
        is_chunked = missing is None and not is_bodiless and self._request.version == "1.1"
        if is_chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        elif missing is None and not is_bodiless:
            # The end of the connection is the end of the body.
            self.keeps_alive = False
        if not self.keeps_alive:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if not head.count(b"\n") == head.count(b"\r") == len(lines):
            raise ValueError("a header of the response contains a line break")
        self._head = head + b"\r\n"
        self._is_bodiless, self._is_chunked, self._missing = is_bodiless, is_chunked, missing

    def _framed(self, body: bytes, more: bool) -> bytes:
        """Return the bytes of a part of the body."""
        if self._is_bodiless:
            return b""
        if self._missing is not None:
            self._missing -= len(body)
            if self._missing < 0 or (self._missing and not more):
                raise RuntimeError("the body does not have the announced content-length")
            return body
        if not self._is_chunked:
            return body
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return chunk if more else chunk + b"0\r\n\r\n"

    async def _write(self, data: bytes) -> None:
        """Write the head, if it is not written yet, with these bytes."""
        if self._writer.transport.is_closing():
            raise DisconnectedError
        if self._head:
            data = self._take_head() + data
        if not data:
            return
        self._writer.write(data)
        try:
            # Wait while the client reads slowly.
            await self._writer.drain()
        except OSError as error:
            raise DisconnectedError from error
        except asyncio.CancelledError:
            # It took too long. To close the connection would wait for the client as well.
            self._writer.transport.abort()
            raise

    def _take_head(self) -> bytes:
        head, self._head = self._head or b"", b""
        return head


def write_refusal(writer: asyncio.StreamWriter, status: int) -> None:
    """Write the response to what is no request."""
    ResponseWriter(IncomingRequest(), writer).refuse(status)


@lru_cache(maxsize=128)
def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


@lru_cache(maxsize=2)
def _date_line(_loop_s: int) -> bytes:
    # Made once a second.
    return f"date: {formatdate(usegmt=True)}\r\n".encode("ascii")
