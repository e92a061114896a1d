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
    """Query of ``GET /stream``."""

    cursor: Annotated[str, Field(max_length=32)] | None = Field(
        None,
        description="the `id` of the last received event; 0 is before the first. "
        "The header `Last-Event-ID` takes precedence",
    )


def parse_cursor(query: Mapping[str, str], last_event_id: str | None) -> str | None:
    """Return the cursor of a request. The header of a reconnect overrides the address."""
    given = {"cursor": last_event_id} if last_event_id else message_of(query)
    return checked(StreamQuery, given).cursor


STREAM_EXAMPLE = (
    "retry: 2000\nid: 41\n\n"
    "id: 42\nevent: payment.success\nwebhook-id: evt_K7fL2mNp9QsT4vXz\n"
    'data: {"event":"payment.success","timestamp":1768473066,"data":{}}\n\n'
)
MEDIA_TYPE = "text/event-stream"
RETRY_MS = 2000

# The line ends of the format of server-sent events, and no others.
_LINE = re.compile(r"\r\n|\r|\n")


def opening(position: int) -> bytes:
    """Return the retry delay, and the position of a stream without events."""
    return f"retry: {RETRY_MS}\nid: {position}\n\n".encode()


def frame(event: FedEvent) -> bytes:
    """Return the frame of an event: its cursor, its type, its id and the lines of its body."""
    type = _LINE.sub(" ", event.type)
    data = "".join(f"data: {line}\n" for line in _LINE.split(event.body.decode()))
    # A parser of server-sent events leaves out fields that the format does not have.
    return f"id: {event.position}\nevent: {type}\nwebhook-id: {event.id}\n{data}\n".encode()


def comment(text: str) -> bytes:
    """Return a comment, which clients ignore."""
    return f": {text}\n\n".encode()


PING_S = STREAM_PING.total_seconds()
ABOUT = (
    "Server-sent events. `id` is a cursor: send the last one you received in `Last-Event-ID`, as "
    "browsers do, or in `cursor`; the stream continues after it, without a gap "
    "and without repetition. Without one it begins now. `data` is the body of the webhook, and "
    "`webhook-id` its id. A comment is sent after every 15 seconds without an event."
)


routes = Blueprint("stream", __name__)


@routes.get("/stream")
@documented(
    "Stream events",
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
    # The response to a HEAD request must end.
    if request.method == "HEAD":
        return _response(b"")
    check_again = copy_current_request_context(check_still_allowed)
    return _response(_frames(deps, merchant.id, position, check_again))


async def _frames(
    deps: Deps,
    merchant_id: UUID,
    position: int | None,
    check_again: Callable[[UUID], Awaitable[None]],
) -> AsyncIterator[bytes]:
    check_again_s = time.monotonic() + PING_S
    try:
        async with deps.live.following(merchant_id, position) as follower:
            yield opening(follower.position)
            async for batch in deps.live.batches(follower, quiet_s=PING_S):
                yield b"".join(map(frame, batch)) or comment(_quiet(deps))
                if time.monotonic() >= check_again_s:
                    await check_again(merchant_id)
                    check_again_s = time.monotonic() + PING_S
            if follower.is_too_slow:
                yield comment("too slow: reconnect with the last id")
    except (ClientError, InfrastructureError) as error:
        yield comment(f"over: {error}")


async def check_still_allowed(merchant_id: UUID) -> None:
    """Refuse a caller whose session or key has ended since the request.

    Raises:
        AuthenticationError: The credentials are no longer valid for this merchant.
    """
    deps = deps_of_app()
    if (await merchant_of_request(deps)).id != merchant_id:
        raise AuthenticationError


def _quiet(deps: Deps) -> str:
    return "ping, events wait for a long transaction" if deps.live.is_held else "ping"


def _response(body: AsyncIterator[bytes] | bytes) -> Response:
    response = Response(body, content_type=MEDIA_TYPE)
    # Disable the framework's timeout of a minute, and buffering in proxies.
    response.timeout = None
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response
