"""The pages on ports of their own."""

from __future__ import annotations

import socket
from pathlib import Path

import aiohttp
import pytest

from tests.harness.databases import Databases
from tests.harness.processes import Client, Stack, free_port, stack


@pytest.fixture
async def processes(redis_url: str, database_url: str, tmp_path: Path):
    async with stack(database_url, redis_url, tmp_path, {"TEST_MODE": "true"}) as running:
        yield running


async def read(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, str(answer.url.path), await answer.text()


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        ("dashboard", {"/": "/login", "/docs": "/dashboard/docs"}),
        ("checkout", {"/checkout": "/checkout", "/success": "/success"}),
    ],
)
async def test_pages_need_no_database(processes: Stack, kind: str, paths: dict[str, str]):
    port = free_port()
    await processes.start(
        "pages",
        kind,
        "--port",
        str(port),
        DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing",
        PAYGATE_API_URL="https://api.example",
    )
    client = Client(f"http://127.0.0.1:{port}")
    await client.until_healthy()

    for path, leads_to in paths.items():
        status, at, _ = await read(client.base + path)
        assert (status, at) == (200, leads_to)
    _, _, page = await read(client.base + next(iter(paths)))
    assert 'content="https://api.example"' in page
    assert (await client.call("GET", "/health"))[1] == {"status": "healthy"}


async def test_a_taken_port_is_named(processes: Stack):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, _, errors = await processes.run("pages", "checkout", PAYGATE_CHECKOUT_PORT=port)

    assert (code, "PAYGATE_CHECKOUT_PORT" in errors) == (2, True)


async def test_serve_also_serves_pages_on_free_ports(processes: Stack, databases: Databases):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        dashboard, checkout = str(taken.getsockname()[1]), str(free_port())
        port = free_port()
        await processes.start(
            "serve",
            "--prepare",
            "--with-pages",
            PORT=str(port),
            PAYGATE_DASHBOARD_PORT=dashboard,
            PAYGATE_CHECKOUT_PORT=checkout,
        )
        client = Client(f"http://127.0.0.1:{port}")
        await client.until_healthy()
        status, _, page = await read(f"http://127.0.0.1:{checkout}/checkout")

    assert status == 200
    assert f'content="http://localhost:{port}"' in page
