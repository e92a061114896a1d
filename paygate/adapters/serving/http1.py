"""Handle the requests of an HTTP/1.1 connection that hypercorn has accepted."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.utils import parse_socket_addr

from . import limits
from .limits import HeadTimer
from .request_parser import IncomingRequest, RequestParser
from .response_writer import DisconnectedError, ResponseWriter, write_refusal

log = logging.getLogger(__name__)

READ_BYTES = 64 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(TCPServer):
    """A connection, whose requests are handled one after the other.

    hypercorn accepts connections, starts and stops the application, and waits for requests when
    it is stopped.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._parser = RequestParser()
        self._timer = HeadTimer(self._expire)
        # The request that is handled now.
        self._exchange: Exchange | None = None

    async def run(self) -> None:
        """Handle requests until the connection is closed."""
        stopping = self.loop.create_task(self._end_when_stopped())
        try:
            self._name_addresses()
            self._timer.connected()
            while (request := await self._next_request()) is not None:
                if not await self._handle(request):
                    break
                self._timer.idle()
        except (OSError, asyncio.CancelledError):
            # asyncio would log that a connection was cancelled.
            pass
        finally:
            self._timer.stop()
            stopping.cancel()
            await self._close()

    async def _close(self) -> None:
        with suppress(OSError):
            async with asyncio.timeout(limits.CLOSE_S):
                # hypercorn's method suppresses the cancellation, so there may be no TimeoutError.
                await super()._close()
        # The client may not have read everything.
        self.writer.transport.abort()

    def _name_addresses(self) -> None:
        socket = self.writer.get_extra_info("socket")
        self._client = parse_socket_addr(socket.family, socket.getpeername())
        self._server = parse_socket_addr(socket.family, socket.getsockname())

    async def _next_request(self) -> IncomingRequest | None:
        """Return the next request; None at the end of the connection."""
        parser = self._parser
        while not parser.requests and parser.refusal is None:
            if parser.is_in_head:
                self._timer.begin()
            data = await self.reader.read(READ_BYTES)
            if not data or self.writer.is_closing():
                # A request that arrives too late could not be answered.
                return None
            parser.feed(data)
        self._timer.stop()
        if parser.requests:
            return parser.requests.popleft()
        write_refusal(self.writer, parser.refusal or 400)
        return None

    async def _handle(self, request: IncomingRequest) -> bool:
        """Handle a request; return whether another one may follow."""
        exchange = Exchange(request, self._parser, self.reader, self.writer)
        self._exchange = exchange
        try:
            # In a task of its own: its context does not reach the next request.
            await self.loop.create_task(self._call(exchange))
        finally:
            self._exchange = None
        return exchange.end()

    async def _call(self, exchange: Exchange) -> None:
        request = exchange.request
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": request.version,
            "method": request.method,
            "scheme": "http",
            "path": request.path,
            "raw_path": request.raw_path,
            "query_string": request.query,
            "root_path": "",
            "headers": request.headers,
            "client": self._client,
            "server": self._server,
            "state": self.state.copy(),
            "extensions": {},
        }
        app: Any = self.app
        try:
            await app(scope, exchange.receive, exchange.send, None, None)
        except (DisconnectedError, asyncio.CancelledError):
            # The client has disconnected, or a stream or the server has stopped.
            exchange.response.keeps_alive = False
        except Exception:
            log.exception("a request failed outside the application")

    async def _end_when_stopped(self) -> None:
        """Close an idle connection, and one in use after its response."""
        await self.context.terminated.wait()
        if self._exchange is None:
            self._end()
        else:
            self._exchange.response.keeps_alive = False

    def _expire(self, is_in_head: bool) -> None:
        # The connection waits for a request, so that no response is in progress.
        if is_in_head:
            write_refusal(self.writer, 408)
        self._end()

    def _end(self) -> None:
        """Close the connection, which waits for a request."""
        self.writer.close()
        # The reader would wait until the client has read everything.
        self.reader.feed_eof()


class Exchange:
    """A request and its response; the application calls ``receive`` and ``send``.

    Attributes:
        request: The request.
        response: Its response.
    """

    def __init__(
        self,
        request: IncomingRequest,
        parser: RequestParser,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.request = request
        self.response = ResponseWriter(request, writer)
        self.send = self.response.send
        self._parser = parser
        self._reader = reader
        self._writer = writer
        # Whether the application has the whole body.
        self._is_received = False
        self._is_disconnected = False

    async def receive(self) -> dict[str, Any]:
        """Return the next part of the body; after its end, wait until the client disconnects."""
        request = self.request
        if request.expects_continue and not request.has_news:
            request.expects_continue = False
            if not self._writer.transport.is_closing():
                self._writer.write(CONTINUE)
        while self._is_received or not request.has_news:
            if self._is_cut_off or not await self._read():
                return {"type": "http.disconnect"}
        self._is_received = request.is_complete
        return {
            "type": "http.request",
            "body": request.take(),
            "more_body": not request.is_complete,
        }

    @property
    def _is_cut_off(self) -> bool:
        """Whether the rest of the body cannot be read."""
        return self._parser.refusal is not None and not self.request.is_complete

    async def _read(self) -> bool:
        """Read what follows; return whether there was something."""
        if self._parser.requests:
            # Do not collect requests. A write fails if the client has disconnected.
            await asyncio.Event().wait()
        try:
            data = await self._reader.read(READ_BYTES)
        except OSError:
            data = b""
        self._parser.feed(data)
        self._is_disconnected = not data
        return bool(data)

    def end(self) -> bool:
        """Write a response if there is none; return whether another request may follow."""
        response, refusal = self.response, self._parser.refusal
        if not response.is_started:
            if refusal is not None and self._is_cut_off:
                response.refuse(refusal)
            elif not self._is_disconnected:
                response.refuse(500)
        return response.is_complete and response.keeps_alive and self.request.is_complete
