"""The body of the request at hand."""

from __future__ import annotations

from typing import Any, cast

from quart import request

from .json import read_object


async def body_of_request() -> dict[str, Any]:
    """Its JSON object, whatever content type it was sent with.

    Raises:
        InvalidInputError: It is not one.
    """
    return read_object(cast("bytes", await request.get_data(as_text=False)))
