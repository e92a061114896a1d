"""The server over a raw socket: what a proxy may forward, and bodies that are never read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from quart import Quart, Response, request

from paygate.adapters.serving.server import answer, listen_anywhere
from paygate.core.api.bodies import DRAINED_BYTES_MAX, register_bodies
from paygate.core.api.middleware import WebPolicy, register_middleware

SETTINGS = "AAMAAABkAAQCAAAAAAIAAAAA"
PATIENCE_S = 30


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    app = Quart("served")
    register_middleware(app, WebPolicy())
    register_bodies(app)

    @app.route("/", methods=["GET", "POST"])
    async def names() -> dict[str, Any]:
        return {"headers": sorted(name.lower() for name, _ in request.headers.items())}

    @app.get("/stream")
    async def stream() -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.sleep(2 * PATIENCE_S)

        return Response(parts(), content_type="text/plain")

    listening, port = listen_anywhere("127.0.0.1")
    stopped = asyncio.Event()
    serving = asyncio.create_task(answer(app, listening, stopped, grace_s=1))
    try:
        yield port
    finally:
        stopped.set()
        await serving


async def ask(port: int, *lines: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write("\r\n".join([*lines, "Host: localhost", "", ""]).encode())
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            return head + await reader.readexactly(length)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "connection", ["Upgrade, HTTP2-Settings", "upgrade", "keep-alive, Upgrade"]
)
async def test_a_connection_is_never_upgraded_to_http_2(connection: str):
    async with served() as port:
        told = await ask(
            port,
            "GET / HTTP/1.1",
            f"Connection: {connection}",
            "Upgrade: h2c",
            f"HTTP2-Settings: {SETTINGS}",
        )

    assert told.startswith(b"HTTP/1.1 200 ")
    names = json.loads(told.partition(b"\r\n\r\n")[2])["headers"]
    assert [name for name in names if name in {"upgrade", "http2-settings"}] == []


async def test_http_2_is_not_assumed_either():
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            told = await reader.readline()
        writer.close()

    assert told.startswith(b"HTTP/1.1 4")


async def test_the_head_and_the_first_part_of_a_stream_are_sent_at_once():
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            assert (await reader.readuntil(b"first")).endswith(b"first")
        writer.close()


async def test_a_response_without_a_body_is_sent_and_the_connection_goes_on():
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for method in ("HEAD", "OPTIONS", "GET"):
            writer.write(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 204 "))
        writer.close()


async def test_a_body_that_would_not_be_read_to_its_end_is_not_read_at_all():
    async with served() as port:
        told = await ask(port, "POST / HTTP/1.1", f"Content-Length: {DRAINED_BYTES_MAX + 1}")

    assert told.startswith(b"HTTP/1.1 413 ")
