"""The API as the commands use it: one session, the merchant's keys, and clear errors."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from ...core.errors import OperatorError

CONNECT_S = 5.0
ANSWER_S = 30.0
# The server sends a comment at least every 15 seconds.
SILENCE_S = 40.0
RECONNECT_FIRST_S, RECONNECT_MAX_S = 0.2, 5.0
UNAUTHORIZED = 401
EVENT_STREAM = "text/event-stream"
_LINE = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API is, and the merchant's keys."""

    url: str
    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """An event of the stream.

    Args:
        cursor: The stream continues after it with this cursor.
        id: The event's id, the same as in webhooks.
        type: Its type, such as ``payment.success``.
        body: The body of its webhook.
    """

    cursor: str
    id: str
    type: str
    body: bytes

    @property
    def subject(self) -> str:
        """The id of the refund or the payment that it is about; empty if there is none."""
        data = json.loads(self.body).get("data", {})
        return str(data.get("refund_id") or data.get("payment_id") or "")


class Api:
    """Requests to the API.

    Args:
        access: The address and the keys.
        session: An open session.
    """

    def __init__(self, access: Access, session: aiohttp.ClientSession) -> None:
        self._access = access
        self._session = session
        self.reconnects = 0

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request and return the response's JSON.

        Raises:
            OperatorError: There is no response, or it is a refusal.
        """
        limit = aiohttp.ClientTimeout(total=ANSWER_S, connect=CONNECT_S)
        try:
            async with self._session.request(
                method,
                f"{self._access.url}/api/v1{path}",
                json=body,
                headers=headers,
                timeout=limit,
                # The keys are for this server only, and a redirect makes a GET of a POST.
                allow_redirects=False,
            ) as response:
                text = await response.text(errors="replace")
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error
        if status >= 400:
            raise OperatorError(
                setting=f"{method} {path}",
                problem=f"the API answered {status}: {_description(text)}",
                remedy="Change the request, or the keys in PAYGATE_API_KEY and PAYGATE_API_SECRET",
            )
        try:
            if status < 300:
                return json.loads(text)
        except ValueError:
            pass
        raise self._other_server(f"{method} {path}", status)

    async def events(
        self, cursor: str | None, opened: asyncio.Event | None = None
    ) -> AsyncIterator[StreamedEvent]:
        """Yield events without an end; after an interruption, go on after the last one.

        Args:
            cursor: Where to begin; ``0`` is before the first event, None is now.
            opened: Set when no event that happens from then on can be missed.

        Raises:
            OperatorError: The API refuses the stream, or cannot be reached at first.
        """
        wait_s, has_connected = RECONNECT_FIRST_S, False
        while True:
            parser = _Frames(cursor)
            try:
                async with self._open_stream(cursor) as response:
                    if response.status != 200 or response.content_type != EVENT_STREAM:
                        await self._refuse_stream(response, is_first=not has_connected)
                    else:
                        has_connected, wait_s = True, RECONNECT_FIRST_S
                        async for piece in response.content.iter_any():
                            for event in parser.feed(piece):
                                yield event
                            cursor = parser.cursor
                            if opened is not None and cursor is not None:
                                opened.set()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if not has_connected:
                    raise self._unreachable(error) from error
            # What came before the interruption is not sent again.
            cursor = parser.cursor
            self.reconnects += 1
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, RECONNECT_MAX_S)

    def _open_stream(self, cursor: str | None) -> Any:
        headers = {"Last-Event-ID": cursor} if cursor is not None else {}
        limit = aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=SILENCE_S)
        return self._session.get(
            f"{self._access.url}/api/v1/stream",
            headers=headers,
            timeout=limit,
            allow_redirects=False,
        )

    async def _refuse_stream(self, response: aiohttp.ClientResponse, *, is_first: bool) -> None:
        # A server that restarts or has too many streams may accept the next attempt.
        if not is_first and response.status != UNAUTHORIZED:
            return
        if response.status < 400:
            raise self._other_server("GET /stream", response.status)
        description = _description(await response.text(errors="replace"))
        raise OperatorError(
            setting="GET /stream",
            problem=f"the API answered {response.status}: {description}",
            remedy="Give the merchant's keys in PAYGATE_API_KEY and PAYGATE_API_SECRET",
        )

    def _other_server(self, request: str, status: int) -> OperatorError:
        return OperatorError(
            setting="PAYGATE_URL",
            problem=f"{self._access.url} is not a paygate API: it answered {status} to {request}",
            remedy="Give the address of the API itself with --url",
        )

    def _unreachable(self, error: Exception) -> OperatorError:
        return OperatorError(
            setting="PAYGATE_URL",
            problem=f"there is no API at {self._access.url} ({error or type(error).__name__})",
            remedy="Start one with `paygate dev`, or name another with --url",
        )


@asynccontextmanager
async def open_api(access: Access) -> AsyncIterator[Api]:
    """Open a session for the commands.

    Raises:
        OperatorError: A key cannot be sent.
    """
    for setting, value in (("PAYGATE_API_KEY", access.key), ("PAYGATE_API_SECRET", access.secret)):
        if not value.isascii() or not value.isprintable():
            raise OperatorError(
                setting=setting,
                problem="it has characters that no key has, such as a line end",
                remedy="Copy the key again",
            )
    headers = {"X-Api-Key": access.key, "X-Api-Secret": access.secret}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield Api(access, session)


async def get_text(url: str, parameters: Mapping[str, str], *, within_s: float) -> tuple[int, str]:
    """Send a GET request to a merchant's own program; return the status and the text.

    Args:
        url: The URL.
        parameters: Added to those that it has.
        within_s: For the whole request.

    Raises:
        OperatorError: There is no response.
    """
    limit = aiohttp.ClientTimeout(total=within_s, connect=CONNECT_S)
    try:
        target = URL(url).extend_query(parameters)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(target, allow_redirects=False) as response,
        ):
            return response.status, await response.text(errors="replace")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise OperatorError(
            setting=url,
            problem=f"there is no answer ({error or type(error).__name__})",
            remedy="Start the program that answers there, or name another URL",
        ) from error


class _Frames:
    """Reads server-sent events from pieces of a response."""

    def __init__(self, cursor: str | None) -> None:
        self.cursor = cursor
        self._rest = b""
        self._fields: dict[bytes, list[bytes]] = {}

    def feed(self, piece: bytes) -> list[StreamedEvent]:
        """Return the events that are complete with this piece."""
        *lines, self._rest = _LINE.split(self._rest + piece)
        events = []
        for line in lines:
            name, _, value = line.partition(b":")
            if line:
                self._fields.setdefault(name, []).append(value.removeprefix(b" "))
                continue
            fields, self._fields = self._fields, {}
            if b"id" in fields:
                self.cursor = fields[b"id"][-1].decode()
            if b"data" in fields:
                id, type = (
                    fields.get(key, [b""])[-1].decode() for key in (b"webhook-id", b"event")
                )
                events.append(
                    StreamedEvent(self.cursor or "", id, type, b"\n".join(fields[b"data"]))
                )
        return events


def _description(text: str) -> str:
    """Return the sentence of an error response."""
    try:
        return str(json.loads(text)["error"]["description"])
    except (ValueError, TypeError, KeyError):
        return text[:200] or "no text"
