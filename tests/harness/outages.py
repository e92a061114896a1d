"""A PostgreSQL of one's own, what may happen to it, and payments meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from paygate.adapters.embedded.binaries import find_postgres
from paygate.adapters.embedded.children import Child, ChildProcesses
from paygate.adapters.embedded.layout import create_layout
from paygate.adapters.embedded.machine import Machine
from paygate.adapters.embedded.postgres import Postgres
from paygate.adapters.embedded.unprivileged import accessible_programs
from paygate.adapters.postgres.database_url import with_database

from .apps import KEYS
from .processes import Client, Stack

ROLE = "shop"
UNSETTLED = "SELECT count(*) FROM payments WHERE status NOT IN ('success', 'failed')"


@dataclass
class OwnPostgres:
    """A server that may be restarted, with a database of a role that is no superuser."""

    server: Postgres
    processes: ChildProcesses
    child: Child

    @property
    def logs(self) -> Sequence[Path]:
        """The log of the server."""
        return [self.server.log.path]

    @property
    def admin_url(self) -> str:
        return with_database(self.server.url, ROLE)

    @property
    def url(self) -> str:
        """What processes connect to."""
        return self.admin_url.replace("paygate@", f"{ROLE}@")

    async def prepare(self) -> None:
        await self.run(f"CREATE ROLE {ROLE} LOGIN", url=self.server.url)
        await self.run(f"CREATE DATABASE {ROLE} OWNER {ROLE}", url=self.server.url)

    async def run(self, sql: str, *, url: str | None = None) -> Any:
        """Run a statement as the superuser, on a separate connection."""
        connection = await asyncpg.connect(url or self.admin_url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    async def restart(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """Restart the server.

        Args:
            number: ``SIGQUIT`` does as ``pg_ctl restart -m immediate``: no farewell to clients,
                then recovery. ``SIGINT`` disconnects them and writes everything.
        """
        os.kill(self.child.pid, number)
        while not self.child.has_ended():
            await asyncio.sleep(0.01)
        self.child = await asyncio.to_thread(self._start)

    def _start(self) -> Child:
        return self.server.wait_until_ready(self.server.launch(self.processes), self.processes)


@contextmanager
def own_postgres(home: Path) -> Iterator[OwnPostgres]:
    machine = Machine()
    layout = create_layout(home, machine)
    programs = accessible_programs(find_postgres(machine), layout.account, machine)
    # A crash that loses what was committed would be another fault than those below.
    server = Postgres(programs, layout, durable=True, connections_max=100)
    processes = ChildProcesses()
    try:
        child = server.wait_until_ready(server.launch(processes), processes)
        running = OwnPostgres(server, processes, child)
        yield running
        running.child.ask_to_stop()
        running.child.wait_or_kill(until=time.monotonic() + 10)
    finally:
        processes.close()


Fault = Callable[[OwnPostgres, float], Awaitable[None]]


async def read_only(postgres: OwnPostgres, lasts_s: float) -> None:
    """Make every session read-only, new ones too, as on a failover."""
    await _set_read_only(postgres, "on")
    await asyncio.sleep(lasts_s)
    await _set_read_only(postgres, "off")


async def _set_read_only(postgres: OwnPostgres, word: str) -> None:
    connection = await asyncpg.connect(postgres.admin_url)
    try:
        await connection.execute("SET default_transaction_read_only = off")
        # The first for sessions to come, which then keep it; the second for all.
        await connection.execute(
            f"ALTER DATABASE {ROLE} SET default_transaction_read_only = {word}"
        )
        await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {word}")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


async def restart(postgres: OwnPostgres, _lasts_s: float) -> None:
    """Crash the server and start it again."""
    await postgres.restart()


async def alter(postgres: OwnPostgres, lasts_s: float) -> None:
    """Add columns to the tables in use, as a newer version does."""
    for number in range(4):
        for table in ("orders", "payments", "operations", "webhook_logs"):
            await postgres.run(f"ALTER TABLE {table} ADD COLUMN newer_{number} text")
        await asyncio.sleep(lasts_s / 4)


async def lose_rights(postgres: OwnPostgres, lasts_s: float) -> None:
    """Revoke the role's rights on a table for a while."""
    await postgres.run(f"REVOKE ALL ON payments FROM {ROLE}")
    await asyncio.sleep(lasts_s)
    await postgres.run(f"GRANT ALL ON payments TO {ROLE}")


FAULTS: dict[str, Fault] = {
    "read_only": read_only,
    "restart_immediate": restart,
    "alter_table": alter,
    "rights_revoked": lose_rights,
}


@dataclass
class Load:
    """Merchants' programs that pay until they are stopped, and repeat what fails."""

    client: Client
    answers: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    accepted: list[str] = field(default_factory=list)
    _running: list[asyncio.Task[None]] = field(default_factory=list)
    _is_over: bool = False

    def start(self, programs: int) -> None:
        self._running = [asyncio.create_task(self._shop(number)) for number in range(programs)]

    async def stop(self) -> None:
        self._is_over = True
        await asyncio.gather(*self._running)

    async def _shop(self, program: int) -> None:
        count = 0
        while not self._is_over:
            count += 1
            order = await self._until_taken("orders", {"amount": 50_000}, f"o{program}-{count}")
            if order is None:
                return
            body = {"order_id": order["id"], "method": "upi", "vpa": "asha@paytm"}
            payment = await self._until_taken("payments", body, f"p{program}-{count}")
            if payment is not None:
                self.accepted.append(payment["id"])

    async def _until_taken(self, path: str, body: dict[str, Any], key: str) -> Any:
        while True:
            status, answer, headers = await self._post(path, body, key)
            self.answers[status] += 1
            if status == 201:
                return answer
            if status == 503 and "Retry-After" not in headers:
                self.without_retry_after += 1
            if status != 503 or self._is_over:
                return None
            await asyncio.sleep(0.2)

    async def _post(self, path: str, body: dict[str, Any], key: str) -> tuple[int, Any, Any]:
        url = f"{self.client.base}/api/v1/{path}"
        headers = {**KEYS, "Idempotency-Key": key}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers=headers) as response,
        ):
            return response.status, await response.json(), response.headers


@dataclass
class OutageResult:
    """What a fault did."""

    accepted: int
    answers: dict[int, int]
    without_retry_after: int
    ended: int
    settled_after_s: float
    unsettled: int


async def suffer(
    fault: Fault,
    postgres: OwnPostgres,
    running: Stack,
    client: Client,
    *,
    programs: int,
    lasts_s: float,
    before: int,
    patience_s: float,
) -> OutageResult:
    """Let a fault happen under load, and wait until every payment is settled.

    Args:
        fault: What happens.
        postgres: What it happens to.
        running: The processes that are to live through it.
        client: Of the API.
        programs: How many pay at the same time.
        lasts_s: How long the fault lasts.
        before: How many payments are made before and after it, at least.
        patience_s: When to stop waiting for the last one.
    """
    load = Load(client)
    load.start(programs)
    await _until_accepted(load, before)
    await fault(postgres, lasts_s)
    over_s = time.monotonic()
    await _until_accepted(load, len(load.accepted) + before)
    await load.stop()
    unsettled = await postgres.run(UNSETTLED)
    while unsettled and time.monotonic() - over_s < patience_s:
        await asyncio.sleep(0.05)
        unsettled = await postgres.run(UNSETTLED)
    return OutageResult(
        accepted=len(load.accepted),
        answers=dict(load.answers),
        without_retry_after=load.without_retry_after,
        ended=sum(process.returncode is not None for process in running.processes),
        settled_after_s=round(time.monotonic() - over_s, 2),
        unsettled=unsettled,
    )


async def _until_accepted(load: Load, count: int) -> None:
    async with asyncio.timeout(60):
        while len(load.accepted) < count:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def merchant_and_workers(
    postgres: OwnPostgres, redis_url: str, home: Path
) -> AsyncIterator[tuple[Stack, Client]]:
    """Provide an API, two workers, and an API with a worker of its own, on that server."""
    environ = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "50"}
    await postgres.prepare()
    running = Stack(postgres.url, redis_url, home, environ)
    try:
        client = await running.serve("--prepare")
        await running.start("work")
        await running.start("work")
        await running.serve("--with-worker")
        yield running, client
    finally:
        await running.close()
