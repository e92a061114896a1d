"""The processes of a run: PostgreSQL, Valkey, and the APIs and workers that are measured.

All of them end with this process, however it ends.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiohttp
import asyncpg

from paygate.adapters.embedded import start_servers
from paygate.adapters.embedded.parent_death import KernelDeathSignal

from .load import HOST
from .machine import Cores, parent_of, pinned

HOMES = Path("/var/tmp")
PREFIX = "paygate-bench-"
CONNECTIONS_MAX = 250
READY_WITHIN_S = 60.0
# Copying the rows of a million payments takes minutes.
COMMAND_TIMEOUT_S = 1_800.0
STOP_WITHIN_S = 10.0
LOG_TAIL = 2_000
# What each API process logs when it accepts requests.
SERVING = "serving "


@contextmanager
def open_home() -> Iterator[Path]:
    """Open a folder for everything that a run writes, on a disk: fsync must cost what it costs.

    As root the servers run as another user, who must be able to pass through.
    """
    for left in HOMES.glob(f"{PREFIX}*"):
        # Of a run that was killed: its process id is in the name.
        if not Path("/proc", left.name.removeprefix(PREFIX).partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(
        prefix=f"{PREFIX}{os.getpid()}-", dir=HOMES, ignore_cleanup_errors=True
    ) as name:
        home = Path(name)
        home.chmod(0o711)
        yield home


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Valkey.

    Attributes:
        home: Folder of the run.
        cores: Where processes run.
        database_url: Of PostgreSQL's first database.
        redis_url: Of Valkey's first database.
        postgres_pid: PostgreSQL's main process.
    """

    home: Path
    cores: Cores
    database_url: str
    redis_url: str
    postgres_pid: int

    @property
    def database_host(self) -> str:
        """The folder of PostgreSQL's socket."""
        return parse_qs(urlsplit(self.database_url).query)["host"][0]

    @property
    def redis_socket(self) -> str:
        """Valkey's socket."""
        return unquote(urlsplit(self.redis_url).path)

    def url_of(self, database: str) -> str:
        """Return the URL of a database."""
        parts = urlsplit(self.database_url)
        # Not `_replace().geturl()`: it drops an empty host.
        return f"postgresql://{parts.username}@/{database}?{parts.query}"

    async def connect(self, database: str) -> asyncpg.Connection[Any]:
        """Connect to a database."""
        return await asyncpg.connect(self.url_of(database), command_timeout=COMMAND_TIMEOUT_S)

    async def create_database(self, name: str) -> None:
        """Create an empty database, instead of one of that name."""
        connection = await self.connect("postgres")
        try:
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()


@asynccontextmanager
async def open_servers(cores: Cores) -> AsyncIterator[Servers]:
    """Start PostgreSQL and Valkey beside the load generator, which is this process."""
    with (
        pinned(cores.rest),
        open_home() as home,
        start_servers(home / "servers", connections_max=CONNECTIONS_MAX) as embedded,
    ):
        urls = embedded.urls
        connection = await asyncpg.connect(urls.database_url)
        try:
            backend = await connection.fetchval("SELECT pg_backend_pid()")
            fsync = await connection.fetchval("SHOW fsync")
            parent = parent_of(backend)
        finally:
            await connection.close()
        assert fsync == "on", "a benchmark without fsync measures nothing"
        yield Servers(home, cores, urls.database_url, urls.redis_url, parent)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass
class Process:
    """A process of the run.

    Attributes:
        name: In messages.
        log: The file of its output.
    """

    name: str
    log: Path
    _popen: subprocess.Popen[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def is_alive(self) -> bool:
        """Check whether it is running."""
        return self._popen.poll() is None

    def require_alive(self) -> None:
        """Raise an error with the end of its log if it has ended."""
        if (code := self._popen.poll()) is not None:
            raise RuntimeError(f"{self.name} ended with {code}: {self.words()}")

    def words(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:]

    async def stop(self) -> None:
        """Ask it to end; kill it if it does not."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
        give_up_s = time.monotonic() + STOP_WITHIN_S
        while self._popen.poll() is None and time.monotonic() < give_up_s:
            await asyncio.sleep(0.01)
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()


class Processes:
    """Starts processes, and ends all of them at the end of the block."""

    def __init__(self, home: Path, cores: Cores) -> None:
        self._home = home
        self._cores = cores
        self._death_signal = KernelDeathSignal()
        self._undo = AsyncExitStack()

    async def __aenter__(self) -> Processes:
        return self

    async def __aexit__(self, *_: object) -> None:
        # Also after Ctrl-C: what stops the run must not stop this.
        await asyncio.shield(self._undo.aclose())

    def start(
        self,
        name: str,
        argv: Sequence[str],
        environ: Mapping[str, str],
        *,
        core: int | None,
        cwd: Path,
    ) -> Process:
        """Start a program on one core, if any."""
        log = self._home / f"{name}.log"
        with log.open("ab") as output, pinned(core):
            popen = subprocess.Popen(
                argv,
                env={"PATH": os.environ["PATH"], "HOME": str(self._home), **environ},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C on the terminal reaches this process only, which ends the others.
                start_new_session=True,
                # Safe: this thread is the only one that starts processes, and loads nothing here.
                preexec_fn=self._death_signal.before_exec(signal.SIGKILL),  # noqa: PLW1509
            )
        process = Process(name, log, popen)
        self._undo.push_async_callback(process.stop)
        return process


async def until_healthy(process: Process, port: int) -> None:
    """Wait until an API answers.

    Raises:
        RuntimeError: It ended, or does not answer.
    """
    give_up_s = time.monotonic() + READY_WITHIN_S
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < give_up_s:
            process.require_alive()
            try:
                async with session.get(f"http://{HOST}:{port}/health") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.01)
    raise RuntimeError(f"{process.name} does not answer: {process.words()}")


async def until_complete(process: Process, count: int) -> None:
    """Wait until the log of an API says that all its processes serve.

    Raises:
        RuntimeError: They do not start.
    """
    give_up_s = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < give_up_s:
        process.require_alive()
        if process.log.read_text(errors="replace").count(SERVING) >= count:
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"{process.name} has not started {count} processes: {process.words()}")
