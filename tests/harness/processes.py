"""paygate as processes of its own, to be killed."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, get_args

import aiohttp

from paygate.settings import Settings

from .apps import KEYS
from .patience import PATIENCE_S
from .prepared import ROOT, Process, start_paygate

READY_WITHIN_S = PATIENCE_S
SERVERS = get_args(Settings.model_fields["server"].annotation)
"""The HTTP servers that paygate may run on."""


# Below the ports that systems give to connections: a port that is free now may be the next
# connection's before a process listens at it. Each process of pytest-xdist has its own.
PORTS, PORTS_EACH = range(11_000, 32_000), 1_000


@functools.cache
def _ports() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = PORTS[worker * PORTS_EACH % len(PORTS) :][:PORTS_EACH]
    # Other runs on this machine begin elsewhere.
    begin = secrets.randbelow(PORTS_EACH)
    return itertools.cycle([*own[begin:], *own[:begin]])


def free_port() -> int:
    while True:
        port = next(_ports())
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass
class Stack:
    """Processes on one database and one Redis."""

    database_url: str
    redis_url: str
    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    # Where each process's output goes, a file each; None leaves it to the terminal.
    logs: Path | None = None
    processes: list[Process] = field(default_factory=list)
    _started: int = 0

    @property
    def book(self) -> Path:
        """What the simulated processors wrote down of their charges."""
        return self.home / "book.jsonl"

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PAYGATE_HOME": str(self.home),
            "PAYGATE_SIMULATOR_BOOK": str(self.book),
            "PAYGATE_LOG_LEVEL": "warning",
            # A payment without a scenario succeeds; who tests chance sets these.
            "UPI_SUCCESS_RATE": "1",
            "CARD_SUCCESS_RATE": "1",
            # Its table of all characters takes seconds to make, in each folder anew.
            "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
            # Another process may use the default one.
            "PORT": "0",
            **self.environ,
            **more,
        }

    async def run(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        """Run a command to its end; return its exit code, output and errors."""
        with TemporaryFile() as output, TemporaryFile() as errors:
            process = await self._start(arguments, more, output.fileno(), errors.fileno())
            try:
                code = await asyncio.wait_for(process.wait(), READY_WITHIN_S)
            except TimeoutError:
                process.kill()
                raise
            output.seek(0)
            errors.seek(0)
            return code, output.read().decode(), errors.read().decode()

    async def start(self, *arguments: str, **more: str) -> Process:
        """Start a command that keeps running."""
        if self.logs is None:
            process = await self._start(arguments, more)
        else:
            log = self.logs / f"process-{self._started}-{arguments[0]}.log"
            self._started += 1
            with log.open("wb") as opened:
                process = await self._start(arguments, more, opened.fileno(), opened.fileno())
        self.processes.append(process)
        return process

    async def spawn(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
        """Start a command in a new Python process, and read its output while it runs."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "paygate", *arguments),
            env=self.environment(**more),
            cwd=self.home,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def _start(
        self, arguments: Sequence[str], more: Mapping[str, str], output: int = 1, errors: int = 2
    ) -> Process:
        environ = self.environment(**more)
        return await start_paygate(
            arguments, environ=environ, cwd=self.home, output=output, errors=errors
        )

    async def serve(self, *flags: str, port: int | None = None, **more: str) -> Client:
        """Start an API process, and wait until it responds."""
        chosen = port or free_port()
        process = await self.start("serve", *flags, **{**more, "PORT": str(chosen)})
        client = Client(f"http://127.0.0.1:{chosen}")
        await client.until_healthy(process)
        return client

    async def close(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        for process in self.processes:
            await process.wait()


@dataclass
class Client:
    """A merchant's program over real HTTP."""

    base: str

    async def call(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession(headers=KEYS) as session,
            session.request(method, self.base + path, **kwargs) as response,
        ):
            return response.status, await response.json()

    async def until_healthy(self, process: Process | None = None) -> None:
        """Wait until it answers; not in vain for a process that has ended."""
        async with asyncio.timeout(READY_WITHIN_S):
            while True:
                if process is not None and process.returncode is not None:
                    raise AssertionError(f"it ended with exit code {process.returncode}")
                with suppress(aiohttp.ClientConnectionError):
                    if (await self.call("GET", "/health"))[0] == 200:
                        return
                await asyncio.sleep(0.02)

    async def pay(self, amount: int = 50_000, vpa: str = "asha@paytm") -> str:
        _, order = await self.call("POST", "/api/v1/orders", json={"amount": amount})
        status, payment = await self.call(
            "POST",
            "/api/v1/payments",
            json={"order_id": order["id"], "method": "upi", "vpa": vpa},
        )
        assert status == 201, payment
        return str(payment["id"])


@asynccontextmanager
async def stack(
    database_url: str,
    redis_url: str,
    home: Path,
    environ: Mapping[str, str],
    logs: Path | None = None,
) -> AsyncIterator[Stack]:
    running = Stack(database_url, redis_url, home, environ, logs)
    try:
        yield running
    finally:
        await running.close()
