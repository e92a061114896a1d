"""The HTTP client against hostile receivers, on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from paygate import HttpError, HttpResponse
from paygate.adapters.http.client import AiohttpClient

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
# Only tests of the time-out wait until it has passed.
LONG = timedelta(seconds=20)
SHORT = timedelta(milliseconds=400)
READ_MAX = 64 * 1024


@asynccontextmanager
async def server(serve: Serve, **kwargs: object) -> AsyncIterator[int]:
    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()

    listening = await asyncio.start_server(guarded, "127.0.0.1", 0, **kwargs)  # type: ignore[arg-type]  # passed through
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def request_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def answering(raw: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(raw)
        await writer.drain()

    return serve


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    opened = AiohttpClient(allow_private=True)
    yield opened
    await opened.close()


async def post(
    client: AiohttpClient,
    url: str,
    headers: dict[str, str] | None = None,
    *,
    within: timedelta = LONG,
) -> HttpResponse:
    return await client.post(
        url, body=b"{}", headers=headers or {}, timeout=within, response_bytes_max=READ_MAX
    )


async def kind_of(
    client: AiohttpClient,
    url: str,
    headers: dict[str, str] | None = None,
    *,
    within: timedelta = LONG,
) -> str:
    with pytest.raises(HttpError) as failed:
        await post(client, url, headers, within=within)
    return failed.value.kind


async def test_the_exact_bytes_and_headers_arrive(client: AiohttpClient):
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        writer.write(b"HTTP/1.1 201 Created\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nOK")
        await writer.drain()

    async with server(serve) as port:
        answer = await client.post(
            f"http://127.0.0.1:{port}/hook?x=%2F",
            body='{"name":"ą ₹"}'.encode(),
            headers={"X-Mine": "yes"},
            timeout=LONG,
            response_bytes_max=READ_MAX,
        )

    assert (answer.status, answer.body, answer.headers["x-a"]) == (201, b"OK", "1")
    assert seen[0].startswith(b"POST /hook?x=%2F HTTP/1.1\r\n")
    assert b"\r\nX-Mine: yes\r\n" in seen[0]
    assert seen[0].endswith('\r\n\r\n{"name":"ą ₹"}'.encode())


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def dripping_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" * 1000:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.05)


async def dripping_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.05)


# A mistake that removes the time-out must fail here, and not hang the run.
BOUND_S = 20


@pytest.mark.parametrize("serve", [never, dripping_head])
async def test_a_slow_receiver_is_timed_out(client: AiohttpClient, serve: Serve):
    async with server(serve) as port, asyncio.timeout(BOUND_S):
        kind = await kind_of(client, f"http://127.0.0.1:{port}/", within=SHORT)

    assert kind == "timeout"


async def test_a_slow_body_is_timed_out_and_its_status_is_kept(
    client: AiohttpClient,
):
    async with server(dripping_body) as port, asyncio.timeout(BOUND_S):
        # Long enough for the head of the response, also on a busy machine.
        answer = await post(client, f"http://127.0.0.1:{port}/", within=timedelta(seconds=3))

    assert (answer.status, answer.is_truncated, answer.broken) == (200, True, "timeout")
    assert answer.headers["content-length"] == "1000"
    assert set(answer.body) == set(b"x")


async def test_an_endless_body_is_read_up_to_the_limit(client: AiohttpClient):
    written = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            written += 65536
            await writer.drain()

    async with server(endless) as port:
        answer = await post(client, f"http://127.0.0.1:{port}/")

    assert (len(answer.body), answer.is_truncated) == (READ_MAX, True)
    assert written < 64 * 1024 * 1024


async def test_a_compressed_body_is_not_decompressed(client: AiohttpClient):
    bomb = gzip.compress(b"\0" * 20_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"

    async with server(answering(head.encode() + bomb)) as port:
        answer = await post(client, f"http://127.0.0.1:{port}/")

    assert answer.body == bomb[:READ_MAX]


async def test_a_redirect_is_returned_and_not_followed(client: AiohttpClient):
    reached: list[bool] = []

    async def canary(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(True)

    async with server(canary) as inside:
        to = f"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:{inside}/\r\nContent-Length: 0\r\n\r\n"
        async with server(answering(to.encode())) as port:
            answer = await post(client, f"http://127.0.0.1:{port}/")

    assert answer.status == 307
    assert reached == []


@pytest.mark.parametrize(
    "raw",
    [
        b"garbage that is no HTTP\r\n\r\n",
        b"HTTP/1.1 20",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"",
    ],
    ids=["garbage", "half a status", "four digits", "not HTTP", "interim only", "nothing"],
)
async def test_a_response_without_a_status_line_is_an_error(client: AiohttpClient, raw: bytes):
    async with server(answering(raw)) as port:
        assert await kind_of(client, f"http://127.0.0.1:{port}/") in {"protocol", "connection"}


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("raw", "headers", "body"),
    [
        (OK + b"Content-Length: 100\r\n\r\n12345", {"content-length": "100"}, b"12345"),
        (OK + b"X-A: 1\r\nX-B: 2", {"x-a": "1"}, b""),
        (OK, {}, b""),
        (OK + b"X-A: 1\r\nX-H: " + b"x" * 1_000_000 + b"\r\n\r\n", {"x-a": "1"}, b""),
        (OK + b"X-A: 1\r\nno colon\r\nX-B: 2\r\n\r\nyes", {"x-a": "1", "x-b": "2"}, b"yes"),
        (OK + b"Content-Length: ten\r\n\r\nyes", {"content-length": "ten"}, b"yes"),
        (
            OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nyes",
            {"content-length": "2"},
            b"yes",
        ),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            {"transfer-encoding": "chunked"},
            b"",
        ),
        (
            b"HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n" + OK + b"X-B: 2\r\n\r \n",
            {"x-b": "2"},
            b"",
        ),
    ],
    ids=[
        "cut body", "cut header", "status line only", "huge header", "no colon", "bad length",
        "two lengths", "bad chunk", "interim first",
    ],
)  # fmt: skip
async def test_the_status_counts_if_the_rest_is_malformed(
    client: AiohttpClient, raw: bytes, headers: dict[str, str], body: bytes
):
    async with server(answering(raw)) as port:
        answer = await post(client, f"http://127.0.0.1:{port}/")

    assert (answer.status, answer.is_truncated) == (200, True)
    assert answer.broken in {"protocol", "connection"}
    assert answer.headers == headers
    assert answer.body == body


async def test_of_many_headers_a_limited_number_is_kept(client: AiohttpClient):
    raw = OK + b"".join(b"X-%d: 1\r\n" % n for n in range(100_000)) + b"\r\n"

    async with server(answering(raw)) as port:
        answer = await post(client, f"http://127.0.0.1:{port}/")

    assert (answer.status, answer.headers["x-7"], answer.broken) == (200, "1", "protocol")
    assert len(answer.headers) < 2_000


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"Content-Length: 10\r\n\r\nabc",
        OK + b"Content-Type: text/plain\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello",
    ],
    ids=["in the body", "in the header", "in a chunk"],
)
async def test_a_reset_after_the_status_line_keeps_the_status(client: AiohttpClient, raw: bytes):
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(raw)(reader, writer)
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )

    async with server(reset) as port:
        answer = await post(client, f"http://127.0.0.1:{port}/")

    assert (answer.status, answer.is_truncated, answer.broken) == (200, True, "connection")


async def test_a_truncated_error_keeps_its_status_and_retry_after(
    client: AiohttpClient,
):
    raw = b"HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 100\r\n\r\nlat"

    async with server(answering(raw)) as port:
        answer = await post(client, f"http://127.0.0.1:{port}/")

    assert (answer.status, answer.headers["retry-after"], answer.body) == (503, "30", b"lat")


async def test_a_complete_response_does_not_affect_the_next_on_its_connection(
    client: AiohttpClient,
):
    answers = iter([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", b"nonsense\r\n\r\n"])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for raw in answers:
            await request_of(reader)
            writer.write(raw)
            await writer.drain()

    async with server(serve) as port:
        answer = await post(client, f"http://127.0.0.1:{port}/")
        second = await kind_of(client, f"http://127.0.0.1:{port}/")

    assert (answer.status, answer.body, answer.is_truncated) == (200, b"OK", False)
    assert answer.broken is None
    assert second == "protocol"


async def test_a_connection_lost_before_the_status_line_is_an_error(
    client: AiohttpClient,
):
    async with server(answering(b"")) as port:
        broken = await kind_of(client, f"http://127.0.0.1:{port}/")

    assert broken == "connection"
    assert await kind_of(client, f"http://127.0.0.1:{port}/") == "connection"


async def test_cookies_are_not_kept(client: AiohttpClient):
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append(await request_of(reader))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

    async with server(serve) as port:
        for _ in range(2):
            await post(client, f"http://127.0.0.1:{port}/")

    assert not any(b"cookie" in request.lower() for request in seen)


@pytest.mark.parametrize("headers", [{"X-A": "1\r\nX-B: 2"}, {"X\r\nB": "1"}, {"X-A": "a\0b"}])
async def test_a_header_with_a_line_break_is_not_sent(
    client: AiohttpClient, headers: dict[str, str]
):
    async with server(never) as port:
        assert await kind_of(client, f"http://127.0.0.1:{port}/", headers) == "invalid_url"


class Rebinding(AbstractResolver):
    """Answers a public address when asked first, and loopback ever after."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


async def test_a_name_that_resolves_to_a_private_address_is_refused():
    reached: list[bool] = []

    async def canary(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(True)

    async with server(canary) as port:
        client = AiohttpClient(
            allow_private=False, ports=frozenset({port}), resolver=Rebinding("127.0.0.1")
        )
        url = f"http://rebound.example:{port}/"
        client.check(url)
        kind = await kind_of(client, url)
        await client.close()

    assert kind == "refused_address"
    assert reached == []


async def test_without_private_networks_no_spelling_reaches_loopback():
    reached: list[bool] = []

    async def canary(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(True)

    async with server(canary) as port:
        client = AiohttpClient(allow_private=False, ports=frozenset({port}))
        for host in ("127.0.0.1", "localhost", "127.1", "[::1]", "[::ffff:7f00:1]", "0x7f000001"):
            assert await kind_of(client, f"http://{host}:{port}/") == "refused_address"
        await client.close()

    assert reached == []


def certificate(folder: Path, name: str, *, days: int) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize(("name", "days"), [("localhost", 9), ("localhost", -1), ("other", 9)])
async def test_an_untrusted_certificate_is_refused(
    client: AiohttpClient, tmp_path: Path, name: str, days: int
):
    async with server(never, ssl=certificate(tmp_path, name, days=days)) as port:
        assert await kind_of(client, f"https://localhost:{port}/") == "tls"
