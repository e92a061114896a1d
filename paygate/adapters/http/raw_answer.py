"""The beginning of an HTTP answer as it came, for answers that cannot be parsed to their end.

aiohttp hands an answer over when its whole header has been parsed. The status line
comes first and decides: a receiver that answered 200 and then sent a malformed
header, closed the connection early or never finished has answered 200.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from aiohttp.client_proto import ResponseHandler

KEPT_BYTES_MAX = 16 * 1024
"""At most this much of an answer is kept a second time."""

_STATUS_LINE = re.compile(rb"HTTP/\d\.\d ([1-9]\d\d)[ \r\n]")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# Not from the middle of a name: a long run of letters is then read once, and not from each.
_FIELD = re.compile(
    rb"(?<!" + _NAME + rb")(" + _NAME + rb"{1,256}):[ \t]*([\t\x20-\x7e\x80-\xff]*)"
)


class RawAnswer:
    """The first bytes of one answer."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Keep what came, up to the bound."""
        self._bytes += data[: KEPT_BYTES_MAX - len(self._bytes)]

    @property
    def status(self) -> int | None:
        """The status of the final answer; None while its status line has not come."""
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
        """What came after the header; empty where it came in chunks."""
        parts = _HEAD_END.split(self._final(), maxsplit=1)
        is_chunked = "transfer-encoding" in self.headers
        return b"" if is_chunked or len(parts) < 2 else parts[1]

    def _final(self) -> bytes:
        """Without the interim answers (100 to 199) before the final one."""
        rest = bytes(self._bytes)
        while (line := _STATUS_LINE.match(rest)) and line[1].startswith(b"1") and line[1] != b"101":
            parts = _HEAD_END.split(rest, maxsplit=1)
            rest = parts[1] if len(parts) == 2 else b""
        return rest


RAW_ANSWER: ContextVar[RawAnswer] = ContextVar("raw_answer")
"""Where the connection of the request that this task makes keeps its answer."""


class KeepingResponseHandler(ResponseHandler):
    """aiohttp's connection, which also keeps the beginning of each answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._raw_answer: RawAnswer | None = None

    def set_response_params(self, **params: Any) -> None:
        """Begin a new answer: aiohttp calls this in the task that makes the request."""
        self._raw_answer = RAW_ANSWER.get()
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Keep the bytes, then let aiohttp parse them."""
        if self._raw_answer is not None:
            self._raw_answer.feed(data)
        super().data_received(data)
