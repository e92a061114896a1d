"""Bodies that are too large or too slow, read to the end before they are refused.

Left to itself the server answers at once and closes the connection, and a client
that is still sending sees a reset instead of the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, cast

from quart import Quart, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from ..limits import BODY_BYTES_MAX, BODY_TIMEOUT_S

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# A client that sends more than this is no longer owed an answer it can read.
DRAINED_BYTES_MAX = 32 * 1024 * 1024
REFUSAL = "paygate.refusal"


def register_bodies(app: Quart) -> None:
    """Hand the app whole bodies within the bounds; answer the others 413 or 408."""
    app.asgi_app = _bounded(app.asgi_app)  # type: ignore[method-assign,assignment]  # Quart's way

    @app.before_request
    async def refuse() -> None:
        scope = cast("MutableMapping[str, Any]", request.scope)
        refusal: Exception | None = scope.get(REFUSAL)
        if refusal is not None:
            raise refusal


def _bounded(inner: Any) -> Asgi:
    async def asgi(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        body, refusal = await _read(receive, scope["headers"])
        if body is None:
            return
        if refusal is not None:
            scope = {**scope, REFUSAL: refusal, "headers": _without_length(scope["headers"])}
        await inner(scope, _replay(body, receive), send)

    return asgi


def _is_never_read(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the client says that it is going to send more than would be read."""
    length = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    return length.isdigit() and int(length) > DRAINED_BYTES_MAX


async def _read(
    receive: Receive, headers: Iterable[tuple[bytes, bytes]]
) -> tuple[bytes | None, Exception | None]:
    """The body and why to refuse it; no body when the client has gone."""
    if _is_never_read(headers):
        return b"", RequestEntityTooLarge()
    body, seen = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while seen < DRAINED_BYTES_MAX:
                message = await receive()
                if message["type"] != "http.request":
                    return None, None
                chunk = message.get("body", b"")
                seen += len(chunk)
                if seen <= BODY_BYTES_MAX:
                    body += chunk
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        return b"", RequestTimeout()
    return (bytes(body), None) if seen <= BODY_BYTES_MAX else (b"", RequestEntityTooLarge())


def _replay(body: bytes, receive: Receive) -> Receive:
    is_sent = False

    async def replay() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _without_length(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() != b"content-length"]
