"""The merchant's events as they happen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from quart import Blueprint, Response, copy_current_request_context, request

from ...deps import Deps
from ...errors import AuthenticationError, ClientError, InfrastructureError
from ...limits import STREAM_PING
from .. import parse, sse
from ..auth import merchant_of_request
from ..openapi import documented, examples
from ..wire import lists

PING_S = STREAM_PING.total_seconds()
ABOUT = (
    "Server-sent events. `id` is a cursor: give the last one you saw in `Last-Event-ID`, as "
    "browsers do by themselves, or in `cursor`, and the stream goes on after it, without a gap "
    "and without a repeat. Without one it begins now. `data` is the event as webhooks carry it. "
    "A comment comes every 15 seconds in which nothing happens."
)


def blueprint(deps: Deps) -> Blueprint:
    """``/stream``."""
    routes = Blueprint("stream", __name__)

    @routes.get("/stream")
    @documented(
        "Follow events",
        str,
        examples.STREAM,
        query=lists.StreamQuery,
        about=ABOUT,
        refuses=frozenset({429}),
        media_type=sse.MEDIA_TYPE,
    )
    async def stream() -> Response:
        merchant = await merchant_of_request(deps)
        cursor = parse.cursor(request.args, request.headers.get("Last-Event-ID"))
        position = await deps.live.check(merchant.id, cursor)
        # A HEAD request must not wait for the end of a stream that has none.
        if request.method == "HEAD":
            return _response(b"")
        ask_again = copy_current_request_context(still_theirs)
        return _response(told(merchant.id, position, ask_again))

    async def told(
        merchant_id: UUID, position: int | None, ask_again: Callable[[UUID], Awaitable[None]]
    ) -> AsyncIterator[bytes]:
        ask_again_s = time.monotonic() + PING_S
        try:
            async with deps.live.following(merchant_id, position) as follower:
                yield sse.opening(follower.position)
                async for batch in deps.live.batches(follower, quiet_s=PING_S):
                    yield b"".join(map(sse.frame, batch)) or sse.comment(_quiet(deps))
                    if time.monotonic() >= ask_again_s:
                        await ask_again(merchant_id)
                        ask_again_s = time.monotonic() + PING_S
                if follower.is_too_slow:
                    yield sse.comment("too slow: come again with the last id")
        except (ClientError, InfrastructureError) as error:
            yield sse.comment(f"over: {error}")

    async def still_theirs(merchant_id: UUID) -> None:
        """Whoever has logged out or lost their key meanwhile follows no longer."""
        if (await merchant_of_request(deps)).id != merchant_id:
            raise AuthenticationError

    return routes


def _quiet(deps: Deps) -> str:
    return "ping, events wait for a transaction that does not end" if deps.live.is_held else "ping"


def _response(body: AsyncIterator[bytes] | bytes) -> Response:
    response = Response(body, content_type=sse.MEDIA_TYPE)
    # The framework would cut it off after a minute, and some proxies would collect it.
    response.timeout = None
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response
