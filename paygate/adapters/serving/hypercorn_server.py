"""Serve with hypercorn."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import h11
import hypercorn.asyncio.run
import hypercorn.protocol
from hypercorn.asyncio import serve
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol

from .limits import BACKLOG, HEAD_BYTES_MAX, KEEP_ALIVE_S, UPGRADES, HeadTimer


class _Connection(TCPServer):
    """A connection with a timer for the time between requests.

    hypercorn starts and cancels two tasks for each request, and keeps them for this time after
    the client has closed the connection.
    """

    _timer: asyncio.TimerHandle | None = None

    async def protocol_send(self, event: Event) -> None:
        if not isinstance(event, Updated):
            await super().protocol_send(event)
        elif event.idle:
            self._start_timer()
        else:
            self._stop_timer()

    async def _idle_timeout(self) -> None:
        """Close the connection when the server is stopped while no request is in progress."""
        await self.context.terminated.wait()
        if self._timer is not None:
            await self._initiate_server_close()

    async def _read_data(self) -> None:
        # Not in the task of `_idle_timeout`, which may begin after the first request.
        self._start_timer()
        try:
            await super()._read_data()
        finally:
            self._stop_timer()
            await self.idle_task.stop()

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.config.keep_alive_timeout, self._expire)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._task_group.spawn(self._initiate_server_close)


class _Http1(H11Protocol):
    """HTTP/1.1 without upgrades, with one write for a short response, and a time for heads.

    hypercorn responds to ``Upgrade: h2c`` with 101, and waits for the rest of a head as long as
    for the next request.
    """

    _head = b""
    _ending: asyncio.Task[None] | None = None

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._timer = HeadTimer(self._expire)

    async def initiate(self) -> None:
        await super().initiate()
        self._timer.connected()

    async def handle(self, event: Event) -> None:
        await super().handle(event)
        if isinstance(event, Closed):
            self._timer.stop()
        elif self.connection.their_state is h11.IDLE and self.connection.trailing_data[0]:
            self._timer.begin()

    def _expire(self, is_in_head: bool) -> None:
        self._ending = asyncio.create_task(self._end(is_in_head))

    async def _end(self, is_in_head: bool) -> None:
        if is_in_head and self.connection.our_state is h11.IDLE:
            await self._send_error_response(408)
        await self.send(Closed())

    async def _send_error_response(self, status_code: int) -> None:
        # A transfer coding that no server knows is an error of the client.
        await super()._send_error_response(400 if status_code >= 500 else status_code)

    async def _send_h11_event(self, event: Any) -> None:
        """Send the head of a response of known length together with its body."""
        try:
            data = self.connection.send(event)
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
            return
        if isinstance(event, h11.Response) and _has_length(event):
            self._head = data
        elif data or self._head:
            data, self._head = self._head + data, b""
            await self.send(RawData(data=data))

    async def _check_protocol(self, event: Any) -> None:
        """Never upgrade to HTTP/2."""

    async def _create_stream(self, request: Any) -> None:
        self._timer.stop()
        if any(name in UPGRADES for name, _ in request.headers):
            request = h11.Request(
                method=request.method,
                target=request.target,
                headers=[pair for pair in request.headers if pair[0] not in UPGRADES],
                http_version=request.http_version,
            )
        await super()._create_stream(request)


def _has_length(response: h11.Response) -> bool:
    return any(name == b"content-length" for name, _ in response.headers)


# hypercorn reads these names for each connection.
hypercorn.asyncio.run.TCPServer = _Connection  # type: ignore[attr-defined]
hypercorn.protocol.H11Protocol = _Http1  # type: ignore[attr-defined]


async def serve_app(
    app: Any, listening: socket.socket, stopped: asyncio.Event, *, grace_s: float
) -> None:
    """Serve requests on a socket until it is stopped."""
    await serve(app, _config(listening, grace_s), shutdown_trigger=stopped.wait)


def _config(listening: socket.socket, grace_s: float) -> Config:
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.graceful_timeout = grace_s
    config.keep_alive_timeout = KEEP_ALIVE_S
    # hypercorn would close a connection after a thousand requests, which a busy client notices.
    config.keep_alive_max_requests = sys.maxsize
    config.h11_max_incomplete_size = HEAD_BYTES_MAX
    config.backlog = BACKLOG
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    return config
