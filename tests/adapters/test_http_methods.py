"""Requests of connectors: methods, parameters, client certificates, and how often they are sent."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from paygate import ClientCertificate, HttpError, HttpMethod, HttpResponse
from paygate.adapters.http.client import AiohttpClient
from tests.adapters.test_http_client import LONG, certificate, server

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    opened = AiohttpClient(allow_private=True)
    yield opened
    await opened.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_each_method_arrives_with_its_parameters(client: AiohttpClient, method: HttpMethod):
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        await writer.drain()

    async with server(serve) as port:
        answer = await client.request(
            method,
            f"http://127.0.0.1:{port}/charges?x=%2F",
            params={"id": "a&b=c", "of": "ą"},
            timeout=LONG,
        )

    assert (answer.status, answer.body) == (200, b"OK")
    target = b"/charges?x=%2F&id=a%26b%3Dc&of=%C4%85"
    assert heads[0].startswith(method.encode() + b" " + target + b" HTTP/1.1\r\n")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_lost_connection_does_not_send_a_request_twice(
    client: AiohttpClient, method: HttpMethod
):
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        if len(seen) == 1:
            writer.write(OK)
            await writer.drain()
            seen.append(await reader.readuntil(b"\r\n\r\n"))

    async with server(serve) as port:
        url = f"http://127.0.0.1:{port}/"
        assert (await client.request(method, url, timeout=LONG)).status == 200
        with pytest.raises(HttpError) as failed:
            await client.request(method, url, timeout=LONG)

    assert failed.value.kind == "connection"
    assert len(seen) == 2


async def test_a_private_address_is_refused_for_each_method():
    client = AiohttpClient(allow_private=False)
    with pytest.raises(HttpError) as failed:
        await client.request("GET", "http://localhost:1/", timeout=LONG)
    await client.close()
    assert failed.value.kind == "refused_address"


@pytest.mark.parametrize("method", ["get", "TRACE", "GET / HTTP/1.1\r\nX: "])
async def test_another_method_is_not_sent(client: AiohttpClient, method: HttpMethod):
    with pytest.raises(HttpError) as failed:
        await client.request(method, "http://127.0.0.1:1/", timeout=LONG)
    assert failed.value.kind == "invalid_url"


@pytest.fixture
def bank_tls(tmp_path: Path) -> ssl.SSLContext:
    context = certificate(tmp_path, "localhost", days=9)
    context.load_verify_locations(tmp_path / "both.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    await writer.drain()


async def test_a_client_certificate_is_presented(
    client: AiohttpClient, bank_tls: ssl.SSLContext, tmp_path: Path
):
    both = str(tmp_path / "both.pem")
    own = ClientCertificate(both, both, authorities_file=both)

    async with server(ok, ssl=bank_tls) as port:
        answer = await client.request(
            "GET", f"https://localhost:{port}/", timeout=LONG, certificate=own
        )

    assert answer.body == b"OK"


async def test_a_changed_certificate_is_read_again(
    client: AiohttpClient, bank_tls: ssl.SSLContext, tmp_path: Path
):
    both = tmp_path / "both.pem"
    own = ClientCertificate(str(both), str(both), authorities_file=str(both))
    right = both.read_bytes()

    async with server(ok, ssl=bank_tls) as port:
        url = f"https://localhost:{port}/"
        both.write_text("no certificate", encoding="utf-8")
        with pytest.raises(HttpError) as failed:
            await client.request("GET", url, timeout=LONG, certificate=own)
        both.write_bytes(right)
        os.utime(both, ns=(1, 1))
        answer = await client.request("GET", url, timeout=LONG, certificate=own)

    assert failed.value.kind == "invalid_certificate"
    assert answer.status == 200


async def test_a_certificate_is_not_presented_without_tls(client: AiohttpClient, tmp_path: Path):
    own = ClientCertificate(str(tmp_path / "a"), str(tmp_path / "b"))
    with pytest.raises(HttpError) as failed:
        await client.request("GET", "http://127.0.0.1:1/", timeout=LONG, certificate=own)
    assert failed.value.kind == "invalid_url"


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Thu, 15 Jan 2026 10:31:00 GMT", timedelta(minutes=1)),
        ("Thu, 15 Jan 2026 10:29:00 GMT", timedelta(0)),
        ("soon", None),
        ("-1", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_a_response_says_how_long_to_wait(text: str, wait: timedelta | None):
    response = HttpResponse(429, {"retry-after": text}, b"", is_truncated=False)
    assert response.retry_after(NOW) == wait
