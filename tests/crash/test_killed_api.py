"""The API dies, or its response is lost: a repeated key gets the stored result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from tests.harness.apps import KEYS
from tests.harness.processes import Client, Stack, free_port, stack

WENT = (aiohttp.ClientError, OSError, asyncio.IncompleteReadError)
KILLS = 6
CLIENTS = 12


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "0"}
    async with stack(database_url, redis_url, tmp_path, environ) as running:
        yield running


async def counted(processes: Stack, sql: str) -> Any:
    connection = await asyncpg.connect(processes.database_url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def until_answered(base: str, key: str, body: Any, path: str) -> tuple[int, bytes]:
    """Repeat the same request with the same key until there is a response."""
    async with asyncio.timeout(60):
        while True:
            with suppress(*WENT):
                async with (
                    aiohttp.ClientSession(headers={**KEYS, "Idempotency-Key": key}) as session,
                    session.post(f"{base}/api/v1{path}", json=body) as response,
                ):
                    if response.status not in {409, 503}:
                        return response.status, await response.read()
            await asyncio.sleep(0.02)


async def test_a_repeatedly_killed_api_executes_each_request_once(processes: Stack):
    port = free_port()
    client = await processes.serve("--prepare", port=port)
    done: dict[str, set[bytes]] = {}
    stop = asyncio.Event()

    async def ask_on(name: int) -> None:
        number = 0
        while not stop.is_set():
            key = f"client-{name}-{number}"
            order = await until_answered(client.base, f"o-{key}", {"amount": 500}, "/orders")
            body = {"order_id": json.loads(order[1])["id"], "method": "upi", "vpa": "a@paytm"}
            for _ in range(2):
                status, answer = await until_answered(client.base, f"p-{key}", body, "/payments")
                assert status == 201, answer
                done.setdefault(key, set()).add(answer)
            number += 1

    asking = [asyncio.create_task(ask_on(name)) for name in range(CLIENTS)]
    for _ in range(KILLS):
        await asyncio.sleep(0.7)
        processes.processes[-1].kill()
        await processes.processes[-1].wait()
        await processes.serve(port=port)
    stop.set()
    await asyncio.gather(*asking)

    # Every client saw one answer however often it asked, and nothing was made twice.
    assert len(done) > CLIENTS
    assert {len(answers) for answers in done.values()} == {1}
    assert await counted(processes, "SELECT count(*) FROM payments") == len(done)
    assert await counted(processes, "SELECT count(*) FROM orders") == len(done)
    assert await counted(processes, "SELECT count(*) FROM operations") == len(done)
    assert await counted(processes, "SELECT count(*) FROM events") == 2 * len(done)


async def test_a_response_that_was_lost_is_replayed(processes: Stack):
    client = await processes.serve("--prepare")
    _, order = await client.call("POST", "/api/v1/orders", json={"amount": 500})
    body = {"order_id": order["id"], "method": "upi", "vpa": "a@paytm"}
    writer = await _send_and_not_listen(client, body, key="lost")
    async with asyncio.timeout(60):
        while not await counted(processes, "SELECT count(*) FROM payments"):
            await asyncio.sleep(0.01)
    writer.close()
    status, answer = await until_answered(client.base, "lost", body, "/payments")

    assert status == 201
    assert json.loads(answer)["id"] == await counted(processes, "SELECT id FROM payments")


async def test_a_response_is_stored_if_the_api_dies_after_the_commit(processes: Stack):
    port = free_port()
    client = await processes.serve("--prepare", port=port)
    _, order = await client.call("POST", "/api/v1/orders", json={"amount": 500})
    body = {"order_id": order["id"], "method": "upi", "vpa": "a@paytm"}
    writer = await _send_and_not_listen(client, body, key="killed")
    # As soon as the row can be seen, the transaction is committed.
    async with asyncio.timeout(60):
        while not await counted(processes, "SELECT count(*) FROM payments"):
            await asyncio.sleep(0)
    processes.processes[-1].kill()
    await processes.processes[-1].wait()
    writer.close()
    await processes.serve(port=port)
    async with (
        aiohttp.ClientSession(headers={**KEYS, "Idempotency-Key": "killed"}) as session,
        session.post(f"{client.base}/api/v1/payments", json=body) as response,
    ):
        shown = await response.json()

    assert (response.status, response.headers["Idempotent-Replayed"]) == (201, "true")
    assert shown["id"] == await counted(processes, "SELECT id FROM payments")


async def _send_and_not_listen(client: Client, body: Any, *, key: str) -> asyncio.StreamWriter:
    host, _, port = client.base.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    content = json.dumps(body).encode()
    headers = {**KEYS, "Idempotency-Key": key, "Content-Length": str(len(content)), "Host": host}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST /api/v1/payments HTTP/1.1\r\n{head}\r\n".encode() + content)
    await writer.drain()
    return writer
