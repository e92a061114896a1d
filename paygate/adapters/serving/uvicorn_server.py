"""Serve with uvicorn."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from . import limits
from .limits import BACKLOG, HEAD_BYTES_MAX, KEEP_ALIVE_S, UPGRADES, HeadTimer
from .request_parser import RefusedHeadError, head_of_body, refusal_of_head

# Longer parts of a response, and more of them, are written at once.
JOINED_BYTES_MAX = 4096
JOINED_PARTS_MAX = 16


class _JoinedWrites:
    """A transport that joins what is written in one turn of the loop.

    uvicorn writes the head of a response and its body apart.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write the data with what else is written in this turn."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        if len(data) > JOINED_BYTES_MAX or len(self._parts) > JOINED_PARTS_MAX:
            # The transport says when the client reads too slowly.
            self._flush()

    def close(self) -> None:
        """Close the connection after everything is sent."""
        self._flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(limits.CLOSE_S, self._transport.abort)

    def _flush(self) -> None:
        data, self._parts = b"".join(self._parts), []
        if data and not self._transport.is_closing():
            self._transport.write(data)


class _Http1(HttpToolsProtocol):
    """HTTP/1.1 without upgrades, with limits for heads and idle connections.

    uvicorn would keep a head of any size, wait for the first request without a limit, and take
    trailers for headers.
    """

    # Bytes since the parser has last reported a part of a message other than a header.
    _unreported = 0
    _is_in_head = False
    # Whether the parser parses the body of a request for an upgrade.
    _is_resumed = False
    # Status of the refusal, if the parser fails.
    _refusal = 400
    # What follows cannot be read any more.
    _is_refused = False
    # The request that is handled now. uvicorn's ``cycle`` is the last one that has arrived.
    _handled: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", _JoinedWrites(transport, self.loop)))
        self._timer = HeadTimer(self._expire)
        self._timer.connected()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.stop()
        super().connection_lost(exc)
        if self._handled is not None:
            self._handled.disconnected = True
            self._handled.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._handled = cycle
        super()._start_asgi_task(cycle, app)

    def _expire(self, is_in_head: bool) -> None:
        if is_in_head:
            self._refuse(408)
        else:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        while data:
            data = self._feed(data)

    def _feed(self, data: bytes) -> bytes:
        """Parse and return the rest, which follows a request for an upgrade."""
        self._unreported += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The request is handled like any other.
            self.parser = httptools.HttpRequestParser(self)
            self._is_resumed = True
            self.parser.feed_data(head_of_body(self.headers))
            return data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self._refuse(self._refusal)
        else:
            if self._unreported > HEAD_BYTES_MAX:
                self._refuse(431)
        return b""

    def _refuse(self, status: int) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering and (self._is_in_head or self.pipeline):
            # The client would take a refusal for the response to a request before this one.
            self.cycle.keep_alive = False
            return
        # A response in progress is cut off.
        if not is_answering or not self.cycle.response_started:
            head = STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(head)
        self.transport.close()

    def on_message_begin(self) -> None:
        if self._is_resumed:
            return
        self._unreported, self._is_in_head = 0, True
        self._timer.begin()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head and name.lower() not in UPGRADES:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._is_resumed:
            self._is_resumed = False
            return
        version = self.parser.get_http_version()
        if status := refusal_of_head(version, self.url, self.headers):
            self._refusal = status
            raise RefusedHeadError
        self._unreported, self._is_in_head = 0, False
        self._timer.stop()
        self._unset_keepalive_if_required()
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        self._unreported = 0

    def on_body(self, body: bytes) -> None:
        self._unreported = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unreported = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        if self.cycle.more_body and not self.pipeline:
            # Do not read the rest of the request: it is not needed.
            self.transport.close()
        super().on_response_complete()


class _Server(uvicorn.Server):
    """A server that an event stops, and that handles no signals."""

    def __init__(self, config: uvicorn.Config, stopped: asyncio.Event) -> None:
        super().__init__(config)
        self._stopped = stopped

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._stopped.is_set()


async def serve_app(
    app: Any, listening: socket.socket, stopped: asyncio.Event, *, grace_s: float
) -> None:
    """Serve requests on a socket until it is stopped."""
    config = uvicorn.Config(
        app,
        http=_Http1,
        ws="none",
        interface="asgi3",
        lifespan="on",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=math.ceil(grace_s),
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="error",
        # Else asyncio hands the variables of a request to the next one on its connection.
        reset_contextvars=True,
    )
    await _Server(config, stopped).serve(sockets=[listening])
