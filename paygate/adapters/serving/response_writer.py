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


class ResponseWriter:
    """Writes the response that an ASGI application sends in messages.

    Args:
        request: The request.
        writer: The connection.

    Attributes:
        is_started: Whether the head is written or about to be.
        is_complete: Whether the whole response is written.
        keeps_alive: Whether another request may follow it.
    """

    def __init__(self, request: IncomingRequest, writer: asyncio.StreamWriter) -> None:
        self.is_started = False
        self.is_complete = False
        self.keeps_alive = request.keeps_alive
        self._request = request
        self._writer = writer
        self._head = b""
        self._is_chunked = False
        self._is_bodiless = False
        # Bytes of the body that are still to come, if their number was announced.
        self._missing: int | None = None

    async def send(self, message: Any) -> None:
        """Write a message of the application.

        Raises:
            RuntimeError: The application may not send it now.
            ValueError: A header contains a line break.
        """
        kind = message["type"]
        if kind == "http.response.start" and not self.is_started:
            self._start(message["status"], message.get("headers", ()))
            if self._missing is None and not self._is_bodiless:
                # A stream, whose first part may be written much later.
                await self._write(b"")
        elif kind == "http.response.body" and self.is_started and not self.is_complete:
            await self._write(
                self._framed(bytes(message.get("body", b"")), message.get("more_body", False))
            )
        else:
            raise RuntimeError(f"{kind} is not expected now")

    async def refuse(self, status: int) -> None:
        """Write a response without a body, after which the connection is closed."""
        self.keeps_alive = False
        self._start(status, [(b"content-length", b"0")])
        await self._write(self._framed(b"", more=False))

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.is_started = True
        self._is_bodiless = self._request.method == "HEAD" or status in BODILESS
        lines, count = [_status_line(status), _date_line(int(asyncio.get_running_loop().time()))], 2
        has_length = False
        for name, value in headers:
            lower = name.lower()
            if lower == b"connection":
                self.keeps_alive = self.keeps_alive and value.lower() != b"close"
                continue
            if lower == b"content-length":
                has_length = True
                self._missing = 0 if self._is_bodiless else int(value)
            lines.append(b"%b: %b\r\n" % (name, value))
            count += 1
        if not has_length and not self._is_bodiless:
            if self._request.version == "1.1":
                self._is_chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
                count += 1
            else:
                self.keeps_alive = False
        if not self.keeps_alive:
            lines.append(b"connection: close\r\n")
            count += 1
        self._head = b"".join(lines)
        if self._head.count(b"\n") != count or self._head.count(b"\r") != count:
            self.is_started, self._head = False, b""
            raise ValueError("a header of the response contains a line break")
        self._head += b"\r\n"

    def _framed(self, body: bytes, more: bool) -> bytes:
        """Return the bytes of a part of the body."""
        self.is_complete = not more
        if self._is_bodiless:
            return b""
        if self._missing is not None:
            self._missing -= len(body)
            if self._missing < 0:
                raise RuntimeError("the body is longer than its content-length")
            if self._missing and not more:
                # The client waits for the rest.
                self.keeps_alive = False
            return body
        if not self._is_chunked:
            return body
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return chunk if more else chunk + b"0\r\n\r\n"

    async def _write(self, data: bytes) -> None:
        """Write the head, if it is not written yet, with these bytes."""
        data, self._head = self._head + data, b""
        if not data or self._writer.transport.is_closing():
            return
        self._writer.write(data)
        try:
            # Wait while the client reads slowly.
            await self._writer.drain()
        except ConnectionError:
            self.keeps_alive = False
        except asyncio.CancelledError:
            # It took too long. To close the connection would wait for the client as well.
            self._writer.transport.abort()
            raise


async def write_refusal(writer: asyncio.StreamWriter, status: int) -> None:
    """Write the response to what is no request."""
    await ResponseWriter(IncomingRequest(), writer).refuse(status)


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
