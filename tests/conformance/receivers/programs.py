"""Receivers as processes, and their reports."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.harness.processes import free_port

HERE = Path(__file__).parent
MERCHANT = HERE.parents[2] / "examples" / "merchant"
ON_4000 = "on_4000.js"
ON_3002 = "on_3002.js"
UP_WITHIN_S = 60.0


@dataclass(frozen=True)
class Report:
    """One webhook as a receiver in Node saw it."""

    event: str | None
    genuine: bool
    headers: Mapping[str, str]
    raw: bytes
    rewritten: bytes
    """What ``JSON.stringify(JSON.parse(raw))`` is there."""


@dataclass
class Program:
    """A receiver that listens."""

    base: str
    reports: list[Report] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.base}/webhook"

    async def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=body, headers=headers) as answer,
        ):
            return answer.status

    async def read(self, path: str = "/logs") -> Any:
        async with aiohttp.ClientSession() as session, session.get(self.base + path) as answer:
            return await answer.json()


@asynccontextmanager
async def node(script: str, **environ: str) -> AsyncIterator[Program]:
    """Provide one of the receivers in JavaScript beside this file."""
    port = free_port()
    async with _running(
        "node", str(HERE / script), port=port, PORT=str(port), **environ
    ) as program:
        yield program


@asynccontextmanager
async def sample(*arguments: str, **environ: str) -> AsyncIterator[Program]:
    """Provide the receiver of ``examples/merchant``."""
    port = free_port()
    command = (sys.executable, str(MERCHANT / "receiver.py"), "--port", str(port), *arguments)
    async with _running(*command, port=port, **environ) as program:
        yield program


@asynccontextmanager
async def shop(paygate: str) -> AsyncIterator[Program]:
    """Provide the shop of ``examples/merchant``, selling through that API."""
    port = free_port()
    command = (sys.executable, str(MERCHANT / "shop.py"), "--port", str(port))
    async with _running(*command, "--paygate", paygate, port=port) as program:
        yield program


@asynccontextmanager
async def _running(*command: str, port: int, **environ: str) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        *command, env={"PATH": os.environ["PATH"], **environ}, stdout=asyncio.subprocess.PIPE
    )
    program = Program(f"http://127.0.0.1:{port}")
    listening = asyncio.create_task(_listen(process, program))
    try:
        await _until_up(port)
        yield program
        assert process.returncode is None, "the receiver has ended by itself"
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await listening


async def _listen(process: asyncio.subprocess.Process, program: Program) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"{"):
            report = json.loads(line)
            program.reports.append(
                Report(
                    event=report["event"],
                    genuine=report["genuine"],
                    headers=report["headers"],
                    raw=base64.b64decode(report["raw"]),
                    rewritten=base64.b64decode(report["rewritten"]),
                )
            )


async def _until_up(port: int) -> None:
    async with asyncio.timeout(UP_WITHIN_S):
        while True:
            with suppress(ConnectionRefusedError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.02)
