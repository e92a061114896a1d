"""The event stream (server-sent events)."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated
from uuid import UUID

from pydantic import Field
from quart import Blueprint, Response, copy_current_request_context, request

from ...deps import Deps
from ...errors import AuthenticationError, ClientError, InfrastructureError
from ...limits import STREAM_PING
from ...webhooks.store import FedEvent
from ..auth import merchant_of_request
from ..context import deps_of_app
from ..documented import documented
from ..fields import Request, checked, message_of


class StreamQuery(Request):
    """``GET /stream``."""

    cursor: Annotated[str, Field(max_length=32)] | None = Field(
        None,
        description="the `id` of the last event that was seen; 0 is before the first. "
        "`Last-Event-ID` says the same and wins",
    )


def parse_cursor(query: Mapping[str, str], last_event_id: str | None) -> str | None:
    """Where a stream goes on. What a browser has seen since wins over its first address."""
    given = {"cursor": last_event_id} if last_event_id else message_of(query)
    return checked(StreamQuery, given).cursor


STREAM_EXAMPLE = (
    "retry: 2000\nid: 41\n\n"
    "id: 42\nevent: payment.success\n"
    'data: {"event":"payment.success","timestamp":1768473066,"data":{}}\n\n'
)
MEDIA_TYPE = "text/event-stream"
RETRY_MS = 2000

# What ends a line there, and nothing else does.
_LINE = re.compile(r"\r\n|\r|\n")


def opening(position: int) -> bytes:
    """How soon to come again, and from where even if nothing happens before that."""
    return f"retry: {RETRY_MS}\nid: {position}\n\n".encode()


def frame(event: FedEvent) -> bytes:
    """One event: its cursor, its type and its bytes, each line of them apart."""
    type = _LINE.sub(" ", event.type)
    data = "".join(f"data: {line}\n" for line in _LINE.split(event.body.decode()))
    return f"id: {event.position}\nevent: {type}\n{data}\n".encode()


def comment(text: str) -> bytes:
    """For people and proxies; clients skip it."""
    return f": {text}\n\n".encode()


PING_S = STREAM_PING.total_seconds()
ABOUT = (
    "Server-sent events. `id` is a cursor: give the last one you saw in `Last-Event-ID`, as "
    "browsers do by themselves, or in `cursor`, and the stream goes on after it, without a gap "
    "and without a repeat. Without one it begins now. `data` is the event as webhooks carry it. "
    "A comment comes every 15 seconds in which nothing happens."
)


routes = Blueprint("stream", __name__)


@routes.get("/stream")
@documented(
    "Follow events",
    str,
    STREAM_EXAMPLE,
    query=StreamQuery,
    about=ABOUT,
    refuses=frozenset({429}),
    media_type=MEDIA_TYPE,
)
async def stream() -> Response:
    deps = deps_of_app()
    merchant = await merchant_of_request(deps)
    cursor = parse_cursor(request.args, request.headers.get("Last-Event-ID"))
    position = await deps.live.check(merchant.id, cursor)
    # A HEAD request must not wait for the end of a stream that has none.
    if request.method == "HEAD":
        return _response(b"")
    ask_again = copy_current_request_context(check_still_allowed)
    return _response(_frames(deps, merchant.id, position, ask_again))


async def _frames(
    deps: Deps,
    merchant_id: UUID,
    position: int | None,
    ask_again: Callable[[UUID], Awaitable[None]],
) -> AsyncIterator[bytes]:
    ask_again_s = time.monotonic() + PING_S
    try:
        async with deps.live.following(merchant_id, position) as follower:
            yield opening(follower.position)
            async for batch in deps.live.batches(follower, quiet_s=PING_S):
                yield b"".join(map(frame, batch)) or comment(_quiet(deps))
                if time.monotonic() >= ask_again_s:
                    await ask_again(merchant_id)
                    ask_again_s = time.monotonic() + PING_S
            if follower.is_too_slow:
                yield comment("too slow: come again with the last id")
    except (ClientError, InfrastructureError) as error:
        yield comment(f"over: {error}")


async def check_still_allowed(merchant_id: UUID) -> None:
    """Refuse a caller who has logged out or whose key was revoked since.

    Raises:
        AuthenticationError: The credentials of the request are no longer this merchant's.
    """
    deps = deps_of_app()
    if (await merchant_of_request(deps)).id != merchant_id:
        raise AuthenticationError


def _quiet(deps: Deps) -> str:
    return "ping, events wait for a transaction that does not end" if deps.live.is_held else "ping"


def _response(body: AsyncIterator[bytes] | bytes) -> Response:
    response = Response(body, content_type=MEDIA_TYPE)
    # The framework would cut it off after a minute, and some proxies would collect it.
    response.timeout = None
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response
