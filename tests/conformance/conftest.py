"""A whole gateway as clients meet it: processes, ports, a receiver, plain SQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from tests.conformance.receivers.programs import Program, sample
from tests.harness.apps import KEYS
from tests.harness.databases import Databases
from tests.harness.processes import Stack, stack

PATIENCE_S = 60.0
TEST_MODE = {
    "TEST_MODE": "true",
    "TEST_PAYMENT_SUCCESS": "true",
    "TEST_PROCESSING_DELAY": "1000",
    "WEBHOOK_RETRY_INTERVALS_TEST": "true",
}


@dataclass
class Answer:
    status: int
    json: Any
    headers: Mapping[str, str]
    body: bytes
    took_s: float


@dataclass
class Gateway:
    """A client of another program, its receiver and its database connection."""

    stack: Stack
    base: str
    receiver: Program

    async def call(
        self, method: str, path: str, *, keys: Mapping[str, str] | None = KEYS, **kwargs: Any
    ) -> Answer:
        is_whole = path.startswith(("/health", "/api", "/openapi")) or path == "/"
        url = self.base + (path if is_whole else f"/api/v1{path}")
        headers = {**(keys or {}), **kwargs.pop("headers", {})}
        began = asyncio.get_running_loop().time()
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, url, **kwargs) as response,
        ):
            body = await response.read()
            took_s = asyncio.get_running_loop().time() - began
            is_json = response.content_type == "application/json"
            parsed = await response.json() if is_json else None
            return Answer(response.status, parsed, response.headers, body, took_s)

    async def order(self, amount: int = 50_000, **more: Any) -> str:
        answer = await self.call("POST", "/orders", json={"amount": amount, **more})
        assert answer.status == 201, answer
        return str(answer.json["id"])

    async def pay(self, order_id: str | None = None, **more: Any) -> Answer:
        asked = {"order_id": order_id or await self.order(), "method": "upi", "vpa": "a@paytm"}
        return await self.call("POST", "/payments", json={**asked, **more})

    async def paid(self, **more: Any) -> str:
        """Return a payment that has succeeded."""
        answer = await self.pay(**more)
        assert answer.status == 201, answer
        return str((await self.until(answer.json["id"], "success"))["id"])

    async def payment(self, payment_id: str) -> Any:
        return (await self.call("GET", f"/payments/{payment_id}")).json

    async def until(self, payment_id: str, status: str) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while (payment := await self.payment(payment_id))["status"] != status:
                await asyncio.sleep(0.05)
        return payment

    async def sql(self, statement: str, *args: Any) -> list[Any]:
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            return list(await connection.fetch(statement, *args))
        finally:
            await connection.close()

    async def until_sql(self, wanted: Any, statement: str, *args: Any) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (await self.sql(statement, *args))[0][0] != wanted:
                await asyncio.sleep(0.05)

    async def webhooks(self) -> list[Any]:
        """Return the received webhooks, the oldest first."""
        return list(reversed(await self.receiver.read()))

    async def webhooks_to(self, url: str | None) -> None:
        answer = await self.call("PATCH", "/merchant/webhook", json={"webhook_url": url})
        assert answer.status == 200, answer


@asynccontextmanager
async def gateway(
    databases: Databases, redis_url: str, home: Path, environ: Mapping[str, str] = TEST_MODE
) -> AsyncIterator[Gateway]:
    """Provide a migrated, seeded gateway with a worker."""
    url = await databases.clone()
    try:
        async with stack(url, redis_url, home, environ) as running, sample() as receiver:
            client = await running.serve("--prepare")
            await running.start("work")
            yield Gateway(running, client.base, receiver)
    finally:
        await databases.drop(url)


@pytest.fixture(scope="module")
def environ() -> Mapping[str, str]:
    """Provide the environment of the module's gateway."""
    return TEST_MODE


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(
    databases: Databases,
    redis_url: str,
    environ: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Gateway]:
    home = tmp_path_factory.mktemp("gateway")
    async with gateway(databases, redis_url, home, environ) as running:
        yield running
