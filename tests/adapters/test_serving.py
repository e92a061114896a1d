"""The HTTP servers over a raw socket: forwarding, limits, streams and shutdown."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pytest
from quart import Response, request

from paygate.adapters.ids.random_ids import RandomIds
from paygate.adapters.serving import limits
from paygate.adapters.serving.limits import HEAD_BYTES_MAX
from paygate.adapters.serving.server import answer, find_server, listen_anywhere
from paygate.core.api.bodies import DRAINED_BYTES_MAX
from paygate.core.api.middleware import WebPolicy, register_middleware
from paygate.core.api.web_app import WebApp
from paygate.core.errors import OperatorError
from tests.harness.processes import SERVERS

SETTINGS = "AAMAAABkAAQCAAAAAAIAAAAA"
UPGRADE = "Connection: Upgrade\r\nUpgrade: h2c\r\n"
PATIENCE_S = 30
# Much shorter than the time for which requests may run on.
AT_ONCE_S = 5.0
GRACE_S = 20.0
# More than these buffers hold, and less than a server keeps before it waits for a client.
SMALL_BUFFER_BYTES, UNREAD_BYTES = 4096, 60_000
LAST_URL: ContextVar[str | None] = ContextVar("LAST_URL", default=None)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass
class Served:
    """A small app that is served, and what it has seen."""

    port: int
    stopped: asyncio.Event
    serving: asyncio.Task[None]
    started: asyncio.Event = field(default_factory=asyncio.Event)
    proceed: asyncio.Event = field(default_factory=asyncio.Event)
    stream_ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self) -> Connection:
        return Connection(*await asyncio.open_connection("127.0.0.1", self.port))

    async def ask(self, *lines: str) -> bytes:
        """Send one request on its own connection; return the response."""
        connection = await self.connect()
        try:
            await connection.send(*lines)
            return await connection.response()
        finally:
            connection.close()


@dataclass
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *lines: str, body: bytes = b"") -> None:
        self.writer.write("\r\n".join([*lines, "Host: localhost", "", ""]).encode() + body)
        await self.writer.drain()

    async def response(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            return head + await self.reader.readexactly(length)

    async def is_closed(self) -> bool:
        """Wait until the server closes it; whether nothing more came."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return not await self.reader.read()
            except ConnectionError:
                return True

    def close(self) -> None:
        self.writer.close()


@asynccontextmanager
async def served(server: str, *, send_buffer: int | None = None) -> AsyncIterator[Served]:
    app = WebApp("served")
    register_middleware(app, WebPolicy(), RandomIds())

    @app.route("/", methods=["GET", "POST"])
    async def names() -> dict[str, Any]:
        headers = sorted(name.lower() for name, _ in request.headers.items())
        return {
            "headers": headers,
            "from": request.headers["Remote-Addr"],
            "url": request.url,
            "body": (await request.get_data(as_text=False)).decode(),
        }

    @app.get("/wrong")
    async def wrong() -> Response:
        response = Response("")
        # Quart refuses a line break in a value, and not in a name.
        response.headers.add("X-A: 1\r\nX-Smuggled", "2")
        return response

    @app.get("/stream")
    async def stream() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                here.stream_ended.set()

        return Response(parts(), content_type="text/plain")

    @app.get("/endless")
    async def endless() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 1024
                    await asyncio.sleep(0)
            finally:
                here.stream_ended.set()

        return Response(parts(), content_type="text/plain")

    @app.get("/wrong-length")
    async def wrong_length() -> Response:
        response = Response("longer")
        response.headers["Content-Length"] = "1"
        return response

    @app.get("/long")
    async def long() -> Response:
        return Response(b"x" * UNREAD_BYTES)

    @app.get("/cancelled")
    async def cancelled() -> Response:
        raise asyncio.CancelledError

    @app.get("/last-url")
    async def last_url() -> dict[str, Any]:
        last = LAST_URL.get()
        LAST_URL.set(request.url)
        return {"last": last}

    @app.get("/slow")
    async def slow() -> dict[str, Any]:
        here.started.set()
        await here.proceed.wait()
        return {}

    listening, port = listen_anywhere("127.0.0.1")
    if send_buffer is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    stopped = asyncio.Event()
    serving = asyncio.create_task(answer(app, listening, stopped, server=server, grace_s=GRACE_S))
    here = Served(port, stopped, serving)
    try:
        yield here
    finally:
        here.proceed.set()
        stopped.set()
        await serving


def body_of(response: bytes) -> Any:
    return json.loads(response.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize(
    "connection", ["Upgrade, HTTP2-Settings", "upgrade", "keep-alive, Upgrade"]
)
async def test_a_connection_is_never_upgraded_to_http_2(server: str, connection: str):
    async with served(server) as here:
        response = await here.ask(
            "GET / HTTP/1.1",
            f"Connection: {connection}",
            "Upgrade: h2c",
            f"HTTP2-Settings: {SETTINGS}",
        )

    assert response.startswith(b"HTTP/1.1 200 ")
    names = body_of(response)["headers"]
    assert [name for name in names if name in {"upgrade", "http2-settings"}] == []


async def test_a_connection_is_never_upgraded_to_a_web_socket(server: str):
    async with served(server) as here:
        response = await here.ask(
            "GET / HTTP/1.1",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        )

    assert response.startswith(b"HTTP/1.1 200 ")


async def test_http_2_is_not_assumed_either(server: str):
    async with served(server) as here:
        connection = await here.connect()
        connection.writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            response = await connection.reader.readline()
        connection.close()

    assert response.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "line",
    [
        "GET / HTTP/1.1\r\nBad Name: 1",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked",
        "nonsense",
    ],
)
async def test_an_invalid_request_is_refused_and_the_connection_closed(server: str, line: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send(line)
        async with asyncio.timeout(PATIENCE_S):
            response = await connection.reader.read()
        connection.close()

    assert response.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("line", ["CONNECT localhost:443 HTTP/1.1", "OPTIONS * HTTP/1.1"])
async def test_a_request_without_a_path_is_a_client_error(server: str, line: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send(line)
        async with asyncio.timeout(PATIENCE_S):
            response = await connection.reader.readline()
        connection.close()

    assert response.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4"))


async def test_the_head_and_the_first_part_of_a_stream_are_sent_at_once(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("GET /stream HTTP/1.1")
        async with asyncio.timeout(PATIENCE_S):
            head = await connection.reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert (await connection.reader.readuntil(b"first")).endswith(b"first")
        connection.close()


async def test_a_stream_ends_when_its_client_disconnects(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("GET /stream HTTP/1.1")
        await connection.reader.readuntil(b"first")
        connection.close()

        await asyncio.wait_for(here.stream_ended.wait(), PATIENCE_S)


async def test_a_stream_ends_though_its_client_has_sent_another_request(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("GET /endless HTTP/1.1")
        await connection.send("GET / HTTP/1.1")
        await connection.reader.readuntil(b"x" * 1024)
        connection.writer.transport.abort()

        await asyncio.wait_for(here.stream_ended.wait(), PATIENCE_S)


async def test_a_response_without_a_body_keeps_the_connection_open(server: str):
    async with served(server) as here:
        connection = await here.connect()
        for method in ("HEAD", "OPTIONS", "GET"):
            await connection.send(f"{method} / HTTP/1.1")
            async with asyncio.timeout(PATIENCE_S):
                head = await connection.reader.readuntil(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 204 "))
        connection.close()


async def test_a_short_response_is_sent_at_once(server: str):
    async with served(server) as here:
        connection = await here.connect()
        parts = []
        for _ in range(20):
            await connection.send("GET / HTTP/1.1")
            async with asyncio.timeout(PATIENCE_S):
                parts.append(await connection.reader.read(65536))
        connection.close()

    assert [body_of(part)["from"] for part in parts] == ["127.0.0.1"] * 20


async def test_a_busy_client_keeps_its_connection(server: str):
    async with served(server) as here:
        connection = await here.connect()
        for _ in range(1_002):
            await connection.send("HEAD / HTTP/1.1")
            async with asyncio.timeout(PATIENCE_S):
                head = await connection.reader.readuntil(b"\r\n\r\n")
            assert b"connection: close" not in head.lower()
        connection.close()


async def test_pipelined_requests_are_answered_in_order(server: str):
    async with served(server) as here:
        connection = await here.connect()
        for number in range(3):
            await connection.send(f"GET /?{number} HTTP/1.1")
        urls = [body_of(await connection.response())["url"] for _ in range(3)]
        connection.close()

    assert [url[-2:] for url in urls] == ["?0", "?1", "?2"]


@pytest.mark.parametrize(
    "follows", ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost:"], ids=["invalid", "incomplete"]
)
async def test_a_refusal_is_not_taken_for_the_response_to_a_request_before(
    server: str, follows: str, monkeypatch: pytest.MonkeyPatch
):
    # At once, while the first request is still in progress.
    monkeypatch.setattr(limits, "HEAD_S", 0)
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("GET /slow HTTP/1.1", body=follows.encode())
        async with asyncio.timeout(PATIENCE_S):
            await here.started.wait()
            here.proceed.set()
            first = await connection.response()
            # The connection is closed afterwards.
            await connection.reader.read()
        connection.close()

    assert first.startswith(b"HTTP/1.1 200 ")
    assert body_of(first) == {}


async def test_a_body_over_the_limit_is_not_read(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("POST / HTTP/1.1", f"Content-Length: {DRAINED_BYTES_MAX + 1}")
        response = await connection.response()

        assert response.startswith(b"HTTP/1.1 413 ")
        assert await connection.is_closed()
        connection.close()


async def test_the_head_of_a_request_is_limited(server: str):
    async with served(server) as here:
        connection = await here.connect()
        connection.writer.write(b"GET / HTTP/1.1\r\nX-Long: ")
        sent, response = 0, b""
        while sent < 8 * HEAD_BYTES_MAX and not response:
            connection.writer.write(b"x" * 1024)
            sent += 1024
            response = await read_now(connection)
        connection.close()

    assert response.startswith(b"HTTP/1.1 431 ")


async def read_now(connection: Connection) -> bytes:
    """Return the bytes that arrive within a short time."""
    try:
        async with asyncio.timeout(0.01):
            return await connection.reader.read(1024)
    except TimeoutError:
        return b""


async def test_a_request_head_may_arrive_in_parts(server: str):
    async with served(server) as here:
        connection = await here.connect()
        connection.writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        for _ in range(HEAD_BYTES_MAX // 2048):
            connection.writer.write(b"x" * 1024)
            await connection.writer.drain()
            await read_now(connection)
        connection.writer.write(b"\r\n\r\n")

        assert (await connection.response()).startswith(b"HTTP/1.1 200 ")
        connection.close()


async def test_trailers_are_not_read_as_headers(server: str):
    async with served(server) as here:
        connection = await here.connect()
        body = b"2\r\n{}\r\n0\r\nX-Api-Key: smuggled\r\n\r\n"
        await connection.send(
            "POST / HTTP/1.1", "Transfer-Encoding: chunked", "Trailer: X-Api-Key", body=body
        )
        response = await connection.response()
        connection.close()

    assert response.startswith(b"HTTP/1.1 200 ")
    assert "x-api-key" not in body_of(response)["headers"]


async def test_a_request_for_an_upgrade_may_have_a_body(server: str):
    """Java's client asks for an upgrade with each request."""
    async with served(server) as here:
        connection = await here.connect()
        upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "Content-Length: 2")
        await connection.send("POST / HTTP/1.1", *upgrade)
        # The body is not in the packet of the head.
        await read_now(connection)
        connection.writer.write(b"{}")
        response = await connection.response()
        connection.close()

    assert response.startswith(b"HTTP/1.1 200 ")
    assert body_of(response)["body"] == "{}"


async def test_a_body_is_sent_after_permission(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 2")
        async with asyncio.timeout(PATIENCE_S):
            permission = await connection.reader.readuntil(b"\r\n\r\n")
        assert permission.startswith(b"HTTP/1.1 100 ")
        connection.writer.write(b"{}")
        response = await connection.response()
        connection.close()

    assert body_of(response)["body"] == "{}"


async def test_a_body_may_arrive_in_parts(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("POST / HTTP/1.1", "Transfer-Encoding: chunked")
        for chunk in (b"1\r\n{\r\n", b"1\r\n}\r\n", b"0\r\n\r\n"):
            await read_now(connection)
            connection.writer.write(chunk)
        first = await connection.response()
        await connection.send("GET / HTTP/1.1")
        second = await connection.response()
        connection.close()

    assert body_of(first)["body"] == "{}"
    assert body_of(second)["body"] == ""


async def test_an_invalid_chunk_is_refused(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"x\r\n")
        async with asyncio.timeout(PATIENCE_S):
            response = await connection.reader.read()
        connection.close()

    assert response.startswith(b"HTTP/1.1 400 ")
    assert response.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\n\r\n", b"400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"400"),
        (f"GET / HTTP/1.1\r\nHost: a\r\nX: {'x' * HEAD_BYTES_MAX}\r\n\r\n", b"431"),
        ("GET / HTTP/1.0\r\n\r\n", b"200"),
        (f"GET / HTTP/1.1\r\nHost: a\r\n{UPGRADE}Transfer-Encoding: gzip\r\n\r\n", b"400"),
        ("GET /?\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
    ],
    ids=["no host", "two hosts", "HTTP/2", "long", "HTTP/1.0", "upgrade", "not ASCII"],
)
async def test_a_complete_head_must_be_valid(server: str, head: str, status: bytes):
    async with served(server) as here:
        connection = await here.connect()
        connection.writer.write(head.encode())
        async with asyncio.timeout(PATIENCE_S):
            # The connection is closed afterwards.
            response = await connection.reader.read()
        connection.close()

    assert response.split(b" ")[1] == status


@pytest.mark.parametrize("target", ["HTTP://localhost/?a=1", "/?a=1#b"])
async def test_a_target_may_be_a_whole_url_or_have_a_fragment(server: str, target: str):
    async with served(server) as here:
        response = await here.ask(f"GET {target} HTTP/1.1")

    assert body_of(response)["url"].endswith("localhost/?a=1")


async def test_a_line_break_in_a_header_is_never_sent(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("GET /wrong HTTP/1.1")
        async with asyncio.timeout(PATIENCE_S):
            response = await connection.reader.read()
        connection.close()

    assert not response.startswith(b"HTTP/1.1 200 ")
    assert b"smuggled" not in response.lower()


async def test_nothing_follows_a_body_of_the_wrong_length(server: str):
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("GET /wrong-length HTTP/1.1")
        await connection.send("GET / HTTP/1.1")
        async with asyncio.timeout(PATIENCE_S):
            response = await connection.reader.read()
        connection.close()

    assert response.count(b"HTTP/1.1 ") == 1
    assert response.endswith((b"\r\n\r\n", b"\r\n\r\nl"))


async def test_a_request_that_is_cancelled_is_answered(
    server: str, caplog: pytest.LogCaptureFixture
):
    async with served(server) as here:
        response = await here.ask("GET /cancelled HTTP/1.1")

    assert response.startswith(b"HTTP/1.1 500 ")
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_context_variables_do_not_reach_the_next_request(server: str):
    async with served(server) as here:
        connection = await here.connect()
        for _ in range(3):
            await connection.send("GET /last-url HTTP/1.1")
        bodies = [body_of(await connection.response()) for _ in range(3)]
        connection.close()

    assert bodies == [{"last": None}] * 3


async def test_no_server_header_is_sent_and_forwarded_headers_are_ignored(server: str):
    async with served(server) as here:
        response = await here.ask(
            "GET / HTTP/1.1",
            "X-Forwarded-For: 203.0.113.9",
            "X-Forwarded-Proto: https",
            "Forwarded: for=203.0.113.9;proto=https",
        )

    assert b"\r\nserver:" not in response.lower()
    assert b"\r\ndate:" in response.lower()
    assert body_of(response)["from"] == "127.0.0.1"
    assert body_of(response)["url"].startswith("http://")


async def test_a_stop_finishes_requests_and_closes_idle_connections(server: str):
    async with served(server) as here:
        idle, unused, busy = [await here.connect() for _ in range(3)]
        await idle.send("GET / HTTP/1.1")
        await idle.response()
        await busy.send("GET /slow HTTP/1.1")
        await here.started.wait()

        began_s = time.monotonic()
        here.stopped.set()
        assert await idle.is_closed()
        assert await unused.is_closed()
        assert time.monotonic() - began_s < AT_ONCE_S
        with pytest.raises(ConnectionError):
            await here.connect()
        here.proceed.set()
        assert (await busy.response()).startswith(b"HTTP/1.1 200 ")
        assert await busy.is_closed()
        await asyncio.wait_for(here.serving, AT_ONCE_S)


async def test_a_client_that_does_not_read_loses_its_connection(
    server: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "CLOSE_S", 0.1)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        async with served(server, send_buffer=SMALL_BUFFER_BYTES) as here:
            await loop.sock_connect(client, ("127.0.0.1", here.port))
            await loop.sock_sendall(client, b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await loop.sock_recv(client, 8) == b"HTTP/1.1"

            here.stopped.set()
            await asyncio.wait_for(asyncio.shield(here.serving), AT_ONCE_S)


def test_a_server_that_is_not_installed_is_named_with_its_extra():
    with pytest.raises(OperatorError, match=r"^PAYGATE_SERVER: .*paygate-framework\[zebra\]"):
        find_server("zebra")


@pytest.mark.parametrize(
    "requests", [[], ["HEAD / HTTP/1.1"]], ids=["first request", "second request"]
)
async def test_a_head_must_be_complete_in_time(
    server: str, requests: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "HEAD_S", 0.2)
    async with served(server) as here:
        connection = await here.connect()
        async with asyncio.timeout(PATIENCE_S):
            for line in requests:
                await connection.send(line)
                await connection.reader.readuntil(b"\r\n\r\n")
            connection.writer.write(b"GET / HTTP/1.1\r\nHost:")
            answer = await connection.reader.read()
        connection.close()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_only_a_silent_connection_is_closed_early(
    server: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "FIRST_HEAD_S", 0.5)
    async with served(server) as here:
        silent, used = await here.connect(), await here.connect()
        await used.send("GET / HTTP/1.1")
        first = await used.response()

        assert await silent.is_closed()
        await used.send("GET / HTTP/1.1")
        assert (await used.response()).startswith(b"HTTP/1.1 200 ")
        assert first.startswith(b"HTTP/1.1 200 ")
        silent.close()
        used.close()


async def test_a_request_that_cannot_be_answered_is_not_handled(
    server: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "KEEP_ALIVE_S", 0.1)
    async with served(server) as here:
        connection = await here.connect()
        await connection.send("GET / HTTP/1.1")
        await connection.response()
        await connection.send("GET /slow HTTP/1.1", "Connection: close")
        # The server sees at once that a request has arrived and that the time is over.
        time.sleep(0.2)  # noqa: ASYNC251
        here.proceed.set()
        async with asyncio.timeout(PATIENCE_S):
            response = await connection.reader.read()
        connection.close()

    assert here.started.is_set() == response.startswith(b"HTTP/1.1 200 ")
