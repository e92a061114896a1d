"""The processes: PostgreSQL, Valkey, the bank, two APIs and three workers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from paygate.adapters.embedded.binaries import find_valkey
from paygate.adapters.embedded.children import Child, ChildProcesses
from paygate.adapters.embedded.layout import create_layout
from paygate.adapters.embedded.machine import Machine
from paygate.adapters.embedded.unprivileged import accessible_programs
from paygate.adapters.embedded.valkey_server import Valkey
from tests.harness.failover import PostgresPair, postgres_pair
from tests.harness.folders import open_folder
from tests.harness.installed import install
from tests.harness.outages import ROLE, OwnPostgres, own_postgres
from tests.harness.prepared import ROOT, Process
from tests.harness.processes import Client, Stack, free_port

from .network import Network, open_network

APIS, WORKERS = 2, 3
PLUGIN = "from tests.chaos.plugin import *\nfrom tests.chaos import plugin\n"


@dataclass
class OwnValkey:
    """A Valkey that may be killed."""

    server: Valkey
    processes: ChildProcesses
    child: Child

    async def restart(self, after_s: float) -> None:
        """Kill it, and start it again without its data."""
        os.kill(self.child.pid, signal.SIGKILL)
        while not self.child.has_ended():
            await asyncio.sleep(0.01)
        await asyncio.sleep(after_s)
        self.child = await asyncio.to_thread(_launch, self.server, self.processes)


@contextmanager
def own_valkey(home: Path) -> Iterator[OwnValkey]:
    """Start a Valkey of one's own."""
    machine = Machine()
    layout = create_layout(home, machine)
    programs, name = find_valkey(machine)
    program = accessible_programs(programs, layout.account, machine) / name
    processes = ChildProcesses()
    try:
        server = Valkey(program, layout, durable=False)
        yield OwnValkey(server, processes, _launch(server, processes))
    finally:
        processes.close()


def _launch(server: Valkey, processes: ChildProcesses) -> Child:
    child = server.launch(processes)
    server.wait_until_ready(child)
    return child


@dataclass
class Member:
    """One of the gateway's processes, which is started again when it has ended."""

    kind: str
    number: int
    port: int
    process: Process


class Site:
    """Everything that runs, and what may be done to it."""

    def __init__(
        self,
        postgres: OwnPostgres | PostgresPair,
        valkey: OwnValkey,
        stack: Stack,
        networks: Mapping[str, Network],
    ) -> None:
        self.postgres = postgres
        self.valkey = valkey
        self.stack = stack
        self._networks = networks
        self.members: list[Member] = []

    @property
    def apis(self) -> list[str]:
        """The addresses of the APIs."""
        return [f"http://127.0.0.1:{each.port}" for each in self.members if each.kind == "api"]

    def network(self, fault: str) -> Network:
        """Return the network to the server that a fault names."""
        return next(each for name, each in self._networks.items() if fault.endswith(name))

    def member(self, kind: str, target: int) -> Member:
        """Return one of the processes of a kind."""
        those = [each for each in self.members if each.kind == kind]
        return those[target % len(those)]

    async def add(self, kind: str, number: int, port: int = 0) -> None:
        """Start a process."""
        self.members.append(Member(kind, number, port, await self._start(kind, port)))

    async def end(self, member: Member, number: signal.Signals, after_s: float) -> None:
        """Signal a process to end, and start another in its place."""
        with suppress(ProcessLookupError):
            member.process.send_signal(number)
        await member.process.wait()
        self.stack.processes.remove(member.process)
        await asyncio.sleep(after_s)
        member.process = await self._start(member.kind, member.port)

    async def freeze(self, member: Member, lasts_s: float) -> None:
        """Stop a process for a while, without its notice."""
        with suppress(ProcessLookupError):
            member.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(lasts_s)
            member.process.send_signal(signal.SIGCONT)

    async def _start(self, kind: str, port: int) -> Process:
        if kind == "api":
            return await self.stack.start("serve", PORT=str(port))
        return await self.stack.start("work")

    async def until_healthy(self, within_s: float) -> None:
        """Wait until every API answers."""
        async with asyncio.timeout(within_s):
            for base in self.apis:
                await Client(base).until_healthy()


@asynccontextmanager
async def open_site(book: Path, logs: Path, *, has_standby: bool = False) -> AsyncIterator[Site]:
    """Start everything; stop all of it at the end."""
    databases = postgres_pair if has_standby else own_postgres
    with open_folder() as home, databases(home) as postgres, own_valkey(home) as valkey:
        await postgres.prepare()
        async with _networks(postgres, valkey) as (networks, database_url, redis_url):
            ports = [free_port() for _ in range(APIS)]
            bank_port = free_port()
            stack = Stack(database_url, redis_url, home, environ_of(home, bank_port), logs)
            bank = start_bank(bank_port, book, ports)
            try:
                yield await _started(Site(postgres, valkey, stack, networks), ports)
            finally:
                await stack.close()
                bank.kill()
                bank.wait()


@asynccontextmanager
async def _networks(
    postgres: OwnPostgres | PostgresPair, valkey: OwnValkey
) -> AsyncIterator[tuple[Mapping[str, Network], str, str]]:
    """Yield the networks by server, and what processes connect to."""
    async with open_network(valkey.server.socket) as to_redis:
        redis_url = f"redis://127.0.0.1:{to_redis.port}/0"
        if isinstance(postgres, PostgresPair):
            yield {"Redis": to_redis}, postgres.url, redis_url
            return
        async with open_network(postgres.server.socket) as to_postgres:
            networks = {"Redis": to_redis, "PostgreSQL": to_postgres}
            place = f"127.0.0.1:{to_postgres.port}"
            yield networks, f"postgresql://{ROLE}@{place}/{ROLE}?sslmode=disable", redis_url


async def _started(site: Site, ports: Sequence[int]) -> Site:
    for command in ("migrate", "seed"):
        code, _, errors = await site.stack.run(command)
        assert code == 0, errors
    for number, port in enumerate(ports):
        await site.add("api", number, port)
    for number in range(WORKERS):
        await site.add("worker", number)
    await site.until_healthy(60)
    return site


def environ_of(home: Path, bank_port: int) -> dict[str, str]:
    """Install the bank's plugin in a folder; return what processes need to find both."""
    plugin = install(home / "plugin", "chaos", PLUGIN)
    return {
        "PYTHONPATH": f"{plugin}:{ROOT}",
        "PAYGATE_CHAOS_BANK": f"http://127.0.0.1:{bank_port}",
        "PAYGATE_PLUGINS": "chaos,webhook_http",
    }


def start_bank(port: int, book: Path, apis: list[int]) -> subprocess.Popen[bytes]:
    """Start the bank, which sends its callbacks to these ports."""
    urls = [f"http://127.0.0.1:{each}" for each in apis]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.bank", str(port), str(book), *urls],
        cwd=ROOT,
        stdin=subprocess.PIPE,
    )
