"""Streams over real HTTP: a process ends immediately, and the next one continues."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.harness.apps import KEYS
from tests.harness.prepared import Process
from tests.harness.processes import SERVERS, Client, Stack, stack

# Much shorter than the grace period of requests in progress.
AT_ONCE_S = 8.0


@pytest.fixture(params=SERVERS)
async def processes(
    database_url: str, redis_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Stack]:
    environ = {
        "TEST_MODE": "true",
        "TEST_PROCESSING_DELAY": "0",
        "PAYGATE_SERVER": str(request.param),
    }
    async with stack(database_url, redis_url, tmp_path, environ) as running:
        yield running


async def read(client: Client, cursor: str, wanted: int) -> list[tuple[str, str]]:
    """(Cursor, data) of the events after a cursor, until the stream ends or is enough."""
    found: list[tuple[str, str]] = []
    id = ""
    async with (
        aiohttp.ClientSession(headers=KEYS) as session,
        session.get(f"{client.base}/api/v1/stream?cursor={cursor}") as response,
    ):
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            id = value if name == "id" else id
            if name == "data":
                found.append((id, value))
                if len(found) == wanted:
                    break
    return found


async def ended(process: Process) -> float:
    began_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.wait(), 60)
    return time.monotonic() - began_s


async def test_streams_and_idle_connections_do_not_delay_the_shutdown(processes: Stack):
    client = await processes.serve("--prepare")
    host, port = client.base.removeprefix("http://").split(":")
    reading = [asyncio.create_task(read(client, "0", 9999)) for _ in range(3)]
    _, idle = await asyncio.open_connection(host, int(port))
    idle.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    # A client that never reads the response.
    _, deaf = await asyncio.open_connection(host, int(port))
    keys = "".join(f"{name}: {value}\r\n" for name, value in KEYS.items())
    deaf.write(f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n{keys}\r\n".encode())
    await asyncio.sleep(1.5)

    took_s = await ended(processes.processes[0])

    assert took_s < AT_ONCE_S
    for task in reading:
        assert await asyncio.wait_for(task, 60) == []
    idle.close()
    deaf.close()


async def test_an_idle_connection_stays_open_longer_than_the_polling_interval(
    processes: Stack,
):
    client = await processes.serve("--prepare")
    host, port = client.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for _ in range(2):
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in await asyncio.wait_for(reader.readline(), 60)
        await asyncio.sleep(6)
        await reader.read(65536)
    assert not reader.at_eof()
    writer.close()


async def test_a_stream_continues_at_another_process(processes: Stack):
    client = await processes.serve("--prepare")
    await processes.start("work")
    reading = asyncio.create_task(read(client, "0", 9999))
    for _ in range(5):
        await client.pay()
    await asyncio.sleep(1.5)
    assert await ended(processes.processes[0]) < AT_ONCE_S
    before = await asyncio.wait_for(reading, 60)
    other = await processes.serve()
    for _ in range(5):
        await other.pay()

    after = await asyncio.wait_for(read(other, before[-1][0], 30 - len(before)), 60)

    cursors = [int(cursor) for cursor, _ in [*before, *after]]
    assert cursors == sorted(set(cursors))
    # Created, pending and paid, of ten payments.
    assert len(cursors) == 30
