"""Callbacks of processors."""

from __future__ import annotations

from typing import cast

from quart import Blueprint, Response, request

from ...errors import InvalidInputError
from ...payments.callbacks import ReceiveCallback, receive_callback
from ...plugin_api.processor import RawCallback
from ..bodies import headers_of_request
from ..context import deps_of_app
from ..documented import documented

HEADERS_MAX = 100


routes = Blueprint("callbacks", __name__)


@routes.post("/callbacks/<processor>")
@documented(
    "Receive a processor callback",
    dict[str, object],
    {"received": True},
    access="anyone",
    from_any_page=True,
    about="The processor defines the body and the status of the response. A callback "
    "without a valid signature is answered 401 and changes nothing.",
    also=frozenset({401}),
    rate="callbacks",
)
async def receive(processor: str) -> Response:
    deps = deps_of_app()
    body = cast("bytes", await request.get_data(as_text=False))
    if len(request.headers) > HEADERS_MAX:
        raise InvalidInputError("The callback has too many headers")
    headers = {name: _storable(value) for name, value in headers_of_request().items()}
    command = ReceiveCallback(processor, RawCallback(headers, body), request.remote_addr)
    status, answer = await receive_callback(command, deps)
    return Response(answer, status=status, content_type="application/json")


def _storable(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()
