"""The network that chaos breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .network import Network, open_network


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    path = tmp_path / "socket"
    async with await asyncio.start_unix_server(echo, path), open_network(path) as network:
        yield network


async def connected(network: Network) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
    writer.write(b"first\n")
    assert await reader.readline() == b"first\n"
    return reader, writer


async def test_a_reset_breaks_every_connection_and_new_ones_work(network: Network):
    before = [await connected(network) for _ in range(3)]

    network.reset()

    for reader, _ in before:
        with pytest.raises(ConnectionResetError):
            await reader.read()
    await connected(network)


async def test_a_lost_network_delivers_nothing_and_then_breaks(network: Network):
    reader, writer = await connected(network)
    losing = asyncio.create_task(network.lose(0.2))
    await asyncio.sleep(0)
    writer.write(b"second\n")

    with pytest.raises(ConnectionResetError):
        await reader.readline()
    await losing
    await connected(network)


async def test_a_server_that_closes_ends_the_connection(network: Network):
    reader, writer = await connected(network)

    writer.write_eof()

    assert await reader.read() == b""
