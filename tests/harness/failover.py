"""A PostgreSQL with a synchronous standby that takes over."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from paygate.adapters.embedded.binaries import find_postgres
from paygate.adapters.embedded.children import Child, ChildProcesses, Task
from paygate.adapters.embedded.layout import create_layout
from paygate.adapters.embedded.machine import Machine
from paygate.adapters.embedded.postgres import Postgres
from paygate.adapters.embedded.unprivileged import accessible_programs, change_owner

from .outages import ROLE

COPY_WITHIN_S = 60.0
SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = '*'"
ALONE = "ALTER SYSTEM SET synchronous_standby_names = ''"
IS_SYNCHRONOUS = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


@dataclass
class Member:
    """One of the two servers."""

    server: Postgres
    child: Child | None = None


@dataclass
class PostgresPair:
    """A primary and its synchronous standby; see ``OwnPostgres`` for what both offer.

    Attributes:
        promoted_s: When a standby was promoted, on the monotonic clock.
    """

    members: list[Member]
    processes: ChildProcesses
    primary: int = 0
    promoted_s: list[float] = field(default_factory=list)

    @property
    def server(self) -> Postgres:
        """The primary."""
        return self.members[self.primary].server

    @property
    def logs(self) -> Sequence[Path]:
        """The logs of both; each has been the primary."""
        return [each.server.log.path for each in self.members]

    @property
    def admin_url(self) -> str:
        """The superuser's address of whichever server takes writes."""
        return self._url("paygate", ROLE)

    @property
    def url(self) -> str:
        """What processes connect to."""
        return self._url(ROLE, ROLE)

    def _url(self, user: str, database: str) -> str:
        hosts = ",".join(str(each.server.layout.sockets) for each in self.members)
        return (
            f"postgresql://{user}@/{database}?host={hosts}&port=5432,5432&sslmode=disable"
            "&target_session_attrs=read-write"
        )

    async def prepare(self) -> None:
        """Create the role and its database, and let commits wait for the standby."""
        await self.run(f"CREATE ROLE {ROLE} LOGIN", url=self.server.url)
        await self.run(f"CREATE DATABASE {ROLE} OWNER {ROLE}", url=self.server.url)
        await self._be_synchronous()

    async def run(self, sql: str, *, url: str | None = None) -> Any:
        """Run a statement of the superuser on a connection of its own."""
        connection = await asyncpg.connect(url or self.admin_url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    async def fail_over(self) -> None:
        """Kill the primary, promote the standby, and make a new standby in its place."""
        old, new = self.members[self.primary], self.members[1 - self.primary]
        assert old.child is not None
        os.kill(old.child.pid, signal.SIGKILL)
        while not old.child.has_ended():
            await asyncio.sleep(0.01)
        await self.run("SELECT pg_promote()", url=new.server.url)
        # Without a standby its commits would wait for ever.
        await self.run(ALONE, url=new.server.url)
        await self.run("SELECT pg_reload_conf()", url=new.server.url)
        self.primary = 1 - self.primary
        self.promoted_s.append(time.monotonic())
        await asyncio.to_thread(self.start_standby)
        await self._be_synchronous()

    def start_standby(self) -> None:
        """Copy the primary, and start the copy as its standby."""
        standby = self.members[1 - self.primary].server
        shutil.rmtree(standby.data, ignore_errors=True)
        standby.data.mkdir(mode=0o700)
        change_owner(standby.data, standby.layout.account)
        argv = [str(standby.programs / "pg_basebackup"), "-D", str(standby.data), "-R"]
        argv += ["-c", "fast", "-h", str(self.server.layout.sockets), "-p", "5432", "-U", "paygate"]
        task = Task(
            name="pg_basebackup",
            setting="DATABASE_URL",
            argv=tuple(argv),
            account=standby.layout.account,
            on_stop=signal.SIGKILL,
        )
        code, words = self.processes.run(task, timeout_s=COPY_WITHIN_S)
        assert code == 0, words
        self.members[1 - self.primary].child = self._launch(standby)

    def _launch(self, server: Postgres) -> Child:
        return server.wait_until_ready(server.launch(self.processes), self.processes)

    async def _be_synchronous(self) -> None:
        await self.run(SYNCHRONOUS, url=self.server.url)
        await self.run("SELECT pg_reload_conf()", url=self.server.url)
        async with asyncio.timeout(COPY_WITHIN_S):
            while not await self.run(IS_SYNCHRONOUS, url=self.server.url):
                await asyncio.sleep(0.05)

    def start(self) -> None:
        """Start both."""
        self.members[0].child = self._launch(self.members[0].server)
        self.start_standby()

    def stop(self) -> None:
        """Stop both."""
        for member in self.members:
            if member.child is not None:
                member.child.ask_to_stop()
                member.child.wait_or_kill(until=time.monotonic() + 5)


@contextmanager
def postgres_pair(home: Path) -> Iterator[PostgresPair]:
    """Start a primary and a standby."""
    machine, processes = Machine(), ChildProcesses()
    members = []
    for name in ("first", "second"):
        (home / name).mkdir(mode=0o711)
        layout = create_layout(home / name, machine)
        programs = accessible_programs(find_postgres(machine), layout.account, machine)
        members.append(Member(Postgres(programs, layout, durable=True, connections_max=100)))
    pair = PostgresPair(members, processes)
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()
        processes.close()
