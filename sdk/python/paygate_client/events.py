"""Events: of webhooks, and of the event stream."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from . import async_resources, resources
from .calls import AsyncSend, Call, Send
from .errors import UnexpectedResponseError
from .models import Payment, Refund
from .retrying import Attempts
from .sending import Sender

# Without an event the server sends a comment every 15 seconds.
SILENCE_MAX_S = 60.0
RECONNECT_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to a payment, a refund or an endpoint.

    Args:
        type: Such as ``payment.success``.
        timestamp: When it happened, to the second.
        data: What it is about.
        id: The same in every copy of a webhook and in the event stream; empty if the server sent
            none.
        cursor: Its position in the event stream; empty for a webhook.
        raw: The JSON as it was received.
    """

    type: str
    timestamp: datetime
    data: Mapping[str, Any] = field(repr=False)
    id: str = ""
    cursor: str = ""
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def payment(self) -> Payment | None:
        """The payment as it was then; None if the event is not about one."""
        shown = self.data.get("payment")
        return None if shown is None else Payment.from_json(shown)

    @property
    def refund(self) -> Refund | None:
        """The refund as it was then; None if the event is not about one."""
        shown = self.data.get("refund")
        return None if shown is None else Refund.from_json(shown)


def parse_event(body: bytes, *, id: str = "", cursor: str = "") -> Event:
    """Return the event of a webhook's body.

    Raises:
        UnexpectedResponseError: It is not an event.
    """
    try:
        given = json.loads(body)
        type, timestamp, data = given["event"], given["timestamp"], given["data"]
        at = datetime.fromtimestamp(timestamp, UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        raise UnexpectedResponseError("the body is not an event of paygate") from None
    if not isinstance(type, str) or not isinstance(data, dict):
        raise UnexpectedResponseError("the body is not an event of paygate")
    return Event(type=type, timestamp=at, data=data, id=id, cursor=cursor, raw=given)


class StreamParser:
    """Reads server-sent events from pieces of a response.

    Args:
        cursor: Where the stream begins; None for now.
    """

    def __init__(self, cursor: str | None) -> None:
        self.cursor = cursor
        self._rest = b""
        self._position = cursor
        self._id = ""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Yield the events that are complete with this piece."""
        # Only "\n" ends a line. Others, such as U+2028, may be part of a text.
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            name, _, value = line.rstrip(b"\r").partition(b":")
            value = value.removeprefix(b" ")
            if name == b"id":
                self._position = value.decode()
            elif name == b"webhook-id":
                self._id = value.decode()
            elif name == b"data":
                self._data.append(value)
            elif not line.strip():
                # Only now is it complete. One that was cut is sent again.
                self.cursor = self._position
                body, self._data = b"\n".join(self._data), []
                id, self._id = self._id, ""
                if body:
                    yield parse_event(body, id=id, cursor=self.cursor or "")


def _stream_call(cursor: str | None) -> Call[None]:
    return Call("GET", "/stream", lambda _given: None, query={"cursor": cursor})


class _Following:
    """A stream that continues after interruptions."""

    def __init__(self, sender: Sender, cursor: str | None) -> None:
        self._sender = sender
        self.parser = StreamParser(cursor)
        self.attempts: Attempts = sender.attempts(_stream_call(cursor))

    def begin(self) -> Mapping[str, Any]:
        """Return the arguments of the next request."""
        # What was incomplete is sent again.
        self.parser = StreamParser(self.parser.cursor)
        arguments = self._sender.arguments(_stream_call(self.parser.cursor))
        connect_s = arguments["timeout"].connect
        return {**arguments, "timeout": httpx.Timeout(SILENCE_MAX_S, connect=connect_s)}

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Yield the events of a piece. A stream that sends something is not a failed attempt."""
        self.attempts = self._sender.attempts(_stream_call(self.parser.cursor))
        return self.parser.feed(piece)


class Events(resources.Events):
    """The merchant's events: past ones in pages, and new ones as they happen."""

    def __init__(self, send: Send, sender: Sender, http: httpx.Client) -> None:
        super().__init__(send)
        self._sender = sender
        self._http = http

    def follow(self, cursor: str | None = None) -> Iterator[Event]:
        """Yield the merchant's events as they happen, without an end.

        When the connection ends, it continues after the last event: no event is left out, and
        none is repeated.

        Args:
            cursor: The ``cursor`` of the last event that you processed; ``"0"`` is before the
                first event, and None is now.

        Raises:
            ApiError: The server refuses the request.
            ConnectionFailedError: The server could not be reached again.
        """
        following = _Following(self._sender, cursor)
        while True:
            pause_s = RECONNECT_S
            try:
                with self._http.stream(**following.begin()) as response:
                    if response.is_success:
                        for piece in response.iter_bytes():
                            yield from following.feed(piece)
                    else:
                        response.read()
                        pause_s = following.attempts.pause_after_response(response)
            except httpx.RequestError as failure:
                pause_s = following.attempts.pause_after_failure(failure)
            time.sleep(pause_s)


class AsyncEvents(async_resources.AsyncEvents):
    """The merchant's events: past ones in pages, and new ones as they happen."""

    def __init__(self, send: AsyncSend, sender: Sender, http: httpx.AsyncClient) -> None:
        super().__init__(send)
        self._sender = sender
        self._http = http

    async def follow(self, cursor: str | None = None) -> AsyncIterator[Event]:
        """Yield the merchant's events as they happen, without an end. See ``Events.follow``."""
        following = _Following(self._sender, cursor)
        while True:
            pause_s = RECONNECT_S
            try:
                async with self._http.stream(**following.begin()) as response:
                    if response.is_success:
                        async for piece in response.aiter_bytes():
                            for event in following.feed(piece):
                                yield event
                    else:
                        await response.aread()
                        pause_s = following.attempts.pause_after_response(response)
            except httpx.RequestError as failure:
                pause_s = following.attempts.pause_after_failure(failure)
            await asyncio.sleep(pause_s)
