"""Receivers whose response is truncated after its status line, on real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.adapters.test_http_client import OK, answering, request_of, server
from tests.harness.apps import running_app

NOT_IN_TIME = b"Content-Length: 100\r\n\r\nslow"


async def never_ending(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(OK + NOT_IN_TIME)
    await reader.read()


@pytest.mark.parametrize(
    ("serve", "kept"),
    [
        (answering(OK + b"Content-Length: 100\r\n\r\n12345"), "12345"),
        (answering(OK + b"no colon\r\n\r\nyes"), "yes"),
        (answering(OK + b"X-H: " + b"x" * 100_000 + b"\r\n\r\n"), ""),
        (answering(OK), ""),
        (never_ending, "slow"),
    ],
    ids=["cut body", "bad header", "huge header", "status line only", "time-out"],
)
async def test_a_truncated_success_is_delivered_once(
    database_url: str, tmp_path: Path, serve, kept: str
):
    posts = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal posts
        posts += 1
        await serve(reader, writer)

    environ = {"PAYGATE_WEBHOOK_HTTP_TIMEOUT_MS": "500"}
    async with server(counted) as port, running_app(database_url, tmp_path, environ=environ) as app:
        await app.webhook_url(f"http://127.0.0.1:{port}/")
        await app.call("POST", "/webhooks/test")
        async with app.working():
            await app.until_value(1, "SELECT count(*) FROM delivery_attempts")
        (row,) = await app.rows("SELECT * FROM webhook_logs")

    assert (row["status"], row["attempts"], row["response_code"]) == ("success", 1, 200)
    assert row["response_body"] == kept
    assert posts == 1


async def test_a_truncated_error_keeps_its_status(database_url: str, tmp_path: Path):
    broken = b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nwhy"
    async with (
        server(answering(broken)) as port,
        running_app(database_url, tmp_path) as app,
    ):
        await app.webhook_url(f"http://127.0.0.1:{port}/")
        await app.call("POST", "/webhooks/test")
        async with app.working():
            await app.until_value(1, "SELECT attempts FROM webhook_logs")
        (row,) = await app.rows("SELECT * FROM webhook_logs")

    assert (row["status"], row["response_code"], row["response_body"]) == ("pending", 500, "why")
