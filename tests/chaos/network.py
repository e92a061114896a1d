"""The network between the processes and PostgreSQL or Redis, which can fail."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

CHUNK_BYTES = 64 * 1024
CLOSE_AT_ONCE = struct.pack("ii", 1, 0)


@dataclass
class Network:
    """Forwards connections to a server.

    Attributes:
        path: The server's socket.
        port: Where this listens.
    """

    path: Path
    port: int = 0
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)
    _delivers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._delivers.set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward a connection until one of its ends closes it."""
        task = asyncio.get_running_loop().create_task(self._connect(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        try:
            from_server, to_server = await asyncio.open_unix_connection(self.path)
            ends.add(to_server)
            self._ends |= ends
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(reader, to_server))
                group.create_task(self._forward(from_server, writer))
        except (OSError, ExceptionGroup):
            # One of the ends is gone; so is the connection.
            pass
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._delivers.wait()
            writer.write(data)
            await writer.drain()
        # Clients of PostgreSQL and Redis never close one direction only.
        writer.close()

    def reset(self) -> None:
        """Break all connections. What was sent has arrived or not, also a commit."""
        for end in list(self._ends):
            # Closed at once, and the other end is told that it is broken.
            with suppress(OSError):
                connection = end.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE_AT_ONCE)
            end.transport.abort()

    async def lose(self, lasts_s: float) -> None:
        """Deliver nothing for a while, and then break all connections."""
        self._delivers.clear()
        await asyncio.sleep(lasts_s)
        self.reset()
        self._delivers.set()

    async def close(self) -> None:
        """Break all connections, and wait for their ends."""
        self.reset()
        await asyncio.gather(*self._connections, return_exceptions=True)


@asynccontextmanager
async def open_network(path: Path) -> AsyncIterator[Network]:
    """Listen on a free port, and forward to the server's socket."""
    network = Network(path)
    server = await asyncio.start_server(network.accept, "127.0.0.1", 0)
    network.port = server.sockets[0].getsockname()[1]
    try:
        yield network
    finally:
        server.close()
        await network.close()
