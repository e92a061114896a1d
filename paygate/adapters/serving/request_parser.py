"""Parse the requests of an HTTP/1.1 connection with httptools."""

from __future__ import annotations

from collections import deque
from urllib.parse import unquote

import httptools

from .limits import HEAD_BYTES_MAX, UPGRADES

VERSIONS = frozenset({"1.0", "1.1"})


class IncomingRequest:
    """A request whose head is complete, and the part of its body that has arrived.

    Attributes:
        method: Its method, in upper case.
        version: ``1.0`` or ``1.1``.
        raw_path: The path as it was sent.
        query: What follows the first ``?``.
        headers: Names in lower case, and values.
        keeps_alive: Whether the client may send another request on the connection.
        expects_continue: Whether the client waits for permission to send the body.
        is_complete: Whether the whole body has arrived.
    """

    __slots__ = (
        "_parts",
        "expects_continue",
        "headers",
        "is_complete",
        "keeps_alive",
        "method",
        "query",
        "raw_path",
        "version",
    )

    def __init__(self) -> None:
        self.method = ""
        self.version = "1.1"
        self.raw_path = b""
        self.query = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.keeps_alive = False
        self.expects_continue = False
        self.is_complete = False
        self._parts: list[bytes] = []

    @property
    def path(self) -> str:
        """The decoded path."""
        path = self.raw_path.decode("ascii")
        return unquote(path) if "%" in path else path

    @property
    def has_news(self) -> bool:
        """Whether the application does not know all that has arrived."""
        return self.is_complete or bool(self._parts)

    def add(self, part: bytes) -> None:
        """Add a part of the body."""
        self._parts.append(part)

    def take(self) -> bytes:
        """Return the parts of the body that were not returned before."""
        if not self._parts:
            return b""
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        return body


class _Refused(Exception):  # noqa: N818 - it ends the parsing from within a callback
    """The request cannot be accepted."""


class RequestParser:
    """Parses requests that follow each other.

    The parser refuses what two servers could read differently, such as two lengths of one body. No
    other protocol is offered: a request for an upgrade is handled like any other.

    Attributes:
        requests: Requests that nobody has taken yet, in their order.
        refusal: Status of the response to what follows these requests, if it is refused.
        is_in_head: Whether a part of a head has arrived.
    """

    def __init__(self) -> None:
        self.requests: deque[IncomingRequest] = deque()
        self.refusal: int | None = None
        self.is_in_head = False
        self._arriving = IncomingRequest()
        self._target = b""
        # Of the head; afterwards of chunk headers and trailers, since the last part of the body.
        self._head_bytes = 0
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Parse what has arrived. Nothing is parsed after a refusal."""
        while data and self.refusal is None:
            data = self._feed(data)

    def _feed(self, data: bytes) -> bytes:
        """Parse and return the rest, which another parser has to parse."""
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._parser = httptools.HttpRequestParser(self)
            return data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self.refusal = self.refusal or 400
        else:
            if self._head_bytes > HEAD_BYTES_MAX:
                self.refusal = 431
        return b""

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._arriving = IncomingRequest()
        self._target = b""
        self._head_bytes = 0
        self.is_in_head = True

    def on_url(self, part: bytes) -> None:
        """Add a part of the target."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; trailers of a chunked body are ignored."""
        if not self.is_in_head:
            return
        name = name.lower()
        if name not in UPGRADES:
            self._arriving.headers.append((name, value.rstrip()))

    def on_headers_complete(self) -> None:
        """Check the head; the request can be handled from now on."""
        request, parser = self._arriving, self._parser
        self._head_bytes, self.is_in_head = 0, False
        request.method = parser.get_method().decode("ascii")
        request.version = parser.get_http_version()
        request.keeps_alive = request.version == "1.1" and parser.should_keep_alive()
        self._read_target(request)
        self._check(request)
        self.requests.append(request)

    def on_body(self, part: bytes) -> None:
        """Add a part of the body."""
        self._head_bytes = 0
        self._arriving.add(part)

    def on_chunk_header(self) -> None:
        """Begin a part of a body."""
        self._head_bytes = 0

    def on_message_complete(self) -> None:
        """End the request."""
        self._head_bytes = 0
        self._arriving.is_complete = True

    def _read_target(self, request: IncomingRequest) -> None:
        target = self._target
        if not target.isascii() or request.method == "CONNECT":
            raise self._refused(400)
        if target.startswith((b"http://", b"https://")):
            # A request to a proxy has the whole URL.
            url = httptools.parse_url(target)
            request.raw_path, request.query = url.path or b"/", url.query or b""
        else:
            request.raw_path, _, request.query = target.partition(b"?")

    def _check(self, request: IncomingRequest) -> None:
        """Refuse a head that the parser accepts and HTTP does not."""
        hosts, size = 0, len(self._target)
        for name, value in request.headers:
            size += len(name) + len(value)
            if name == b"host":
                hosts += 1
            elif name == b"expect" and value.lower() == b"100-continue":
                request.expects_continue = request.version == "1.1"
        if size > HEAD_BYTES_MAX:
            raise self._refused(431)
        if request.version not in VERSIONS or hosts > 1 or (not hosts and request.version == "1.1"):
            raise self._refused(400)

    def _refused(self, status: int) -> _Refused:
        self.refusal = status
        return _Refused()
