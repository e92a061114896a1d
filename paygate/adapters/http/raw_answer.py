"""The raw start of an HTTP response, for responses that cannot be parsed completely.

aiohttp returns a response after its whole header. The status line decides: a receiver that
responded with 200 and then sent a malformed header, or closed the connection early, has
responded with 200.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from aiohttp.client_proto import ResponseHandler

KEPT_BYTES_MAX = 16 * 1024
"""The maximum size of the copy."""

_STATUS_LINE = re.compile(rb"HTTP/\d\.\d ([1-9]\d\d)[ \r\n]")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# Not from the middle of a name, so that a long run of letters is read only once.
_FIELD = re.compile(
    rb"(?<!" + _NAME + rb")(" + _NAME + rb"{1,256}):[ \t]*([\t\x20-\x7e\x80-\xff]*)"
)


class RawAnswer:
    """The first bytes of one response."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Append received bytes, up to the limit."""
        self._bytes += data[: KEPT_BYTES_MAX - len(self._bytes)]

    @property
    def status(self) -> int | None:
        """The status of the final response; None before its status line is received."""
        found = _STATUS_LINE.match(self._final())
        return int(found[1]) if found else None

    @property
    def headers(self) -> Mapping[str, str]:
        """The complete and well-formed header lines, names in lower case."""
        head = _HEAD_END.split(self._final(), maxsplit=1)[0]
        # The last line is complete only if something follows it.
        lines = head.split(b"\n")[1 : None if len(head) < len(self._final()) else -1]
        fields = (_FIELD.fullmatch(line.rstrip(b"\r")) for line in lines)
        return {
            field[1].decode().lower(): field[2].rstrip().decode(errors="surrogateescape")
            for field in fields
            if field
        }

    @property
    def body(self) -> bytes:
        """The bytes after the header; empty for a chunked body."""
        parts = _HEAD_END.split(self._final(), maxsplit=1)
        is_chunked = "transfer-encoding" in self.headers
        return b"" if is_chunked or len(parts) < 2 else parts[1]

    def _final(self) -> bytes:
        """Remove interim responses (100 to 199) before the final one."""
        rest = bytes(self._bytes)
        while (line := _STATUS_LINE.match(rest)) and line[1].startswith(b"1") and line[1] != b"101":
            parts = _HEAD_END.split(rest, maxsplit=1)
            rest = parts[1] if len(parts) == 2 else b""
        return rest


RAW_ANSWER: ContextVar[RawAnswer] = ContextVar("raw_answer")
"""Where the connection of this task's request stores its response."""


class KeepingResponseHandler(ResponseHandler):
    """aiohttp's connection, which also stores the start of each response."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._raw_answer: RawAnswer | None = None

    def set_response_params(self, **params: Any) -> None:
        """Start a new response: aiohttp calls this in the task of the request."""
        self._raw_answer = RAW_ANSWER.get()
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Store the bytes, then let aiohttp parse them."""
        if self._raw_answer is not None:
            self._raw_answer.feed(data)
        super().data_received(data)
