"""A gateway to attack: PostgreSQL, Valkey, one API and one worker, with the limits of a user."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.chaos.site import own_valkey
from tests.harness.folders import open_folder
from tests.harness.outages import own_postgres
from tests.harness.prepared import Process
from tests.harness.processes import Client, Stack, free_port, stack

SETTINGS = {
    "TEST_MODE": "true",
    "TEST_PROCESSING_DELAY": "0",
    # Everybody here has one address, the customer too.
    "PAYGATE_TRUSTED_PROXIES": "127.0.0.1",
}


@dataclass
class Site:
    """The gateway and its processes."""

    stack: Stack
    client: Client
    api: Process
    worker: Process

    @property
    def port(self) -> int:
        """The API's port."""
        return int(self.client.base.rpartition(":")[2])

    def memory_mib(self) -> float:
        """Return the resident memory of the API process."""
        pages = int(Path(f"/proc/{self.api.pid}/statm").read_text().split()[1])
        return pages * 4096 / 2**20

    async def stored_bytes(self) -> int:
        """Return the size of the database."""
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            return int(await connection.fetchval("SELECT pg_database_size(current_database())"))
        finally:
            await connection.close()

    def server_errors(self) -> list[str]:
        """Return the lines of the processes' logs that report an unexpected error."""
        assert self.stack.logs is not None
        return [
            line
            for log in sorted(self.stack.logs.glob("process-*"))
            for line in log.read_text(errors="replace").splitlines()
            if " ERROR " in line or line.startswith("Traceback")
        ]


@asynccontextmanager
async def open_site(logs: Path, environ: Mapping[str, str] = SETTINGS) -> AsyncIterator[Site]:
    """Start everything; stop all of it at the end."""
    with open_folder() as home, own_postgres(home) as postgres, own_valkey(home) as valkey:
        await postgres.prepare()
        async with serve(postgres.url, valkey.server.url, home, logs, environ) as site:
            yield site


@asynccontextmanager
async def serve(
    database_url: str, redis_url: str, home: Path, logs: Path, environ: Mapping[str, str] = SETTINGS
) -> AsyncIterator[Site]:
    """Start an API and a worker on servers that run."""
    async with stack(database_url, redis_url, home, environ, logs) as gateway:
        port = free_port()
        client = await gateway.serve("--prepare", port=port)
        worker = await gateway.start("work")
        yield Site(gateway, client, gateway.processes[0], worker)
