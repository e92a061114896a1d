"""The load generator's own limit: what it reaches against a server that does nothing.

As a program it is that server: ``python -m bench.ceiling PORT``.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

from .load import HOST, Generator, LoadError, repeat
from .plan import Plan
from .servers import Processes, Servers, free_port
from .systems import ROOT, create_requests

BODY = b'{"id":"pay_0000000000000000","status":"pending"}'
RESPONSE = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
REQUESTS_MAX = 200_000


async def measure_ceiling(servers: Servers, processes: Processes, plan: Plan) -> float:
    """Return how many requests per second the generator sends, at most."""
    port = free_port()
    argv = [sys.executable, "-m", "bench.ceiling", str(port)]
    process = processes.start("ceiling", argv, {}, core=servers.cores.api, cwd=ROOT)
    requests = repeat(create_requests(["order_0000000000000000"], with_key=True), REQUESTS_MAX)
    for _ in range(500):
        process.require_alive()
        generator = Generator(port, connections=plan.connections, expect=201)
        try:
            measured = await generator.closed_loop(requests, warm_up_s=0.2, window_s=1.0)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            await process.stop()
            return measured.rps
    raise LoadError(f"the server that does nothing did not start: {process.words()}")


class _Answer(asyncio.Protocol):
    """Answers every request with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(RESPONSE)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Answer, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
