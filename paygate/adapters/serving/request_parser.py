"""Parse the requests of an HTTP/1.1 connection with httptools."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from urllib.parse import unquote

import httptools

from .limits import HEAD_BYTES_MAX, UPGRADES

VERSIONS = frozenset({"1.0", "1.1"})
# The headers that say where the body of a request ends.
FRAMING = frozenset({b"content-length", b"transfer-encoding"})


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
        """Whether there is a part of the body, or its end, to give to the application."""
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


def refusal_of_head(
    version: str, target: bytes, headers: Iterable[tuple[bytes, bytes]]
) -> int | None:
    """Return the status of the refusal of a head that the parser accepts; None if it is valid.

    Args:
        version: Such as ``1.1``.
        target: What the request asks for.
        headers: Names in lower case, and values.
    """
    hosts, size, is_readable = 0, len(target), target.isascii() and version in VERSIONS
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            is_readable = False
    if size > HEAD_BYTES_MAX:
        return 431
    # A proxy could read another host than the application.
    has_one_host = hosts == 1 or (hosts == 0 and version == "1.0")
    return None if has_one_host and is_readable else 400


def head_of_body(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a head that makes another parser parse the body of the request with these headers.

    httptools does not parse the body of a request for an upgrade.
    """
    framing = [b"%b: %b\r\n" % pair for pair in headers if pair[0] in FRAMING]
    return b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(framing)


class RefusedHeadError(Exception):
    """Ends the parsing of a request whose head is refused."""


class RequestParser:
    """Parses requests that follow each other.

    The parser refuses what two servers could read differently, such as two lengths of one body. No
    other protocol is offered: a request for an upgrade is handled like any other.

    Attributes:
        requests: Requests that are not handled yet, in their order.
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
        # Whether the parser has a head of its own, and parses the body of the request before.
        self._is_resumed = False
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Parse what has arrived. Nothing is parsed after a refusal."""
        while data and self.refusal is None:
            data = self._feed(data)

    def _feed(self, data: bytes) -> bytes:
        """Parse and return the rest, which follows a request for an upgrade."""
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._parser = httptools.HttpRequestParser(self)
            self._is_resumed = True
            self._parser.feed_data(head_of_body(self._arriving.headers))
            return data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self.refusal = self.refusal or 400
        else:
            if self._head_bytes > HEAD_BYTES_MAX:
                self.refusal = 431
        return b""

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._is_resumed:
            return
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
        if self._is_resumed:
            self._is_resumed = False
            return
        request, parser = self._arriving, self._parser
        self._head_bytes, self.is_in_head = 0, False
        request.method = parser.get_method().decode("ascii")
        request.version = parser.get_http_version()
        request.keeps_alive = request.version == "1.1" and parser.should_keep_alive()
        request.expects_continue = request.version == "1.1" and any(
            name == b"expect" and value.lower() == b"100-continue"
            for name, value in request.headers
        )
        if status := refusal_of_head(request.version, self._target, request.headers):
            raise self._refused(status)
        self._read_target(request)
        self.requests.append(request)

    def on_body(self, part: bytes) -> None:
        """Add a part of the body."""
        self._head_bytes = 0
        self._arriving.add(part)

    def on_chunk_header(self) -> None:
        """Begin a part of a body."""
        self._head_bytes = 0

    def on_message_complete(self) -> None:
        """End the request, unless its body is still to be parsed."""
        self._head_bytes = 0
        self._arriving.is_complete = not self._parser.should_upgrade()

    def _read_target(self, request: IncomingRequest) -> None:
        target = self._target
        if request.method == "CONNECT":
            raise self._refused(400)
        if target.startswith((b"/", b"*")):
            target = target.partition(b"#")[0]
            request.raw_path, _, request.query = target.partition(b"?")
        else:
            # A request to a proxy has the whole URL.
            url = httptools.parse_url(target)
            request.raw_path, request.query = url.path or b"/", url.query or b""

    def _refused(self, status: int) -> RefusedHeadError:
        self.refusal = status
        return RefusedHeadError()
