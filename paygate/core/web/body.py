"""The body of the request at hand."""

from __future__ import annotations

from typing import Any, cast

from quart import request

from .json_bodies import read_object


def headers_of_request() -> dict[str, str]:
    """The headers by name in lower case; of several of one name the first.

    The first ``Remote-Addr`` is the server's own; a client may send another.
    """
    first: dict[str, str] = {}
    for name, value in request.headers.items():
        first.setdefault(name.lower(), value)
    return first


async def body_of_request() -> dict[str, Any]:
    """Its JSON object, whatever content type it was sent with.

    Raises:
        InvalidInputError: It is not one.
    """
    return read_object(cast("bytes", await request.get_data(as_text=False)))
