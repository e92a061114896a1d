"""The vault's key is replaced while the gateway runs, without effects on clients."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from paygate.adapters.vault.keyed import KeyedVault, new_key
from tests.harness.apps import KEYS
from tests.harness.processes import Client, Stack, stack

OLD, NEW = new_key(), new_key()
CARD = {"number": "4111111111111111", "expiry_month": "12", "expiry_year": "2040", "cvv": "123"}
ENVIRON = {
    "TEST_MODE": "true",
    "TEST_PROCESSING_DELAY": "0",
    "PAYGATE_REQUIRE_CLIENT_SECRET": "true",
}
LACKING = """
SELECT count(*) FROM (
    SELECT sealed FROM webhook_endpoints
    UNION ALL SELECT sealed FROM plugin_settings WHERE sealed IS NOT NULL
) AS texts WHERE NOT string_to_array(sealed, '.') @> $1::text[]
"""


@pytest.fixture
async def processes(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stack]:
    async with stack(database_url, redis_url, tmp_path, ENVIRON) as running:
        yield running


async def value(processes: Stack, sql: str, *args: object) -> Any:
    connection = await asyncpg.connect(processes.database_url)
    try:
        return await connection.fetchval(sql, *args)
    finally:
        await connection.close()


async def until(processes: Stack, wanted: object, sql: str, *args: object) -> None:
    async with asyncio.timeout(60):
        while (await value(processes, sql, *args)) != wanted:
            await asyncio.sleep(0.02)


@dataclass
class Traffic:
    """Everything that was asked, by its answer's status."""

    statuses: Counter[int] = field(default_factory=Counter)

    async def ask(
        self, at: Client, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[bytes, Any]:
        """Ask one instance; the answer to the byte and as JSON."""
        sent = {name.replace("_", "-"): each for name, each in headers.items()} or KEYS
        async with (
            aiohttp.ClientSession(headers=sent) as session,
            session.request(method, f"{at.base}/api/v1{path}", json=body) as response,
        ):
            self.statuses[response.status] += 1
            return await response.read(), await response.json()

    async def twice(self, first: Client, then: Client, path: str, body: Any, **headers: str) -> Any:
        """Ask one instance and, with the same key, another; both answer the same bytes."""
        key = f"key {sum(self.statuses.values())}"
        sent = {**(headers or KEYS), "Idempotency_Key": key}
        answered, shown = await self.ask(first, "POST", path, body, **sent)
        replayed, _ = await self.ask(then, "POST", path, body, **sent)
        assert replayed == answered
        return shown

    async def signed_in(self, at: Client) -> dict[str, str]:
        """Return the headers of a user who has signed in there."""
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(
                f"{at.base}/api/v1/session", json={"email": "test@example.com", "password": "x"}
            ) as response,
        ):
            self.statuses[response.status] += 1
            cookie = response.cookies["__Host-paygate"].value
            token = (await response.json())["csrf_token"]
            return {"Cookie": f"__Host-paygate={cookie}", "X_Csrf_Token": token}


@dataclass
class Receiver:
    """A merchant's receiver that checks what it gets with the secrets it was shown."""

    secrets: dict[str, str] = field(default_factory=dict)
    verified: Counter[str] = field(default_factory=Counter)

    async def take(self, request: web.Request) -> web.Response:
        body, name = await request.read(), request.match_info["name"]
        head = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
        key = base64.b64decode(self.secrets[name].removeprefix("whsec_"))
        right = base64.b64encode(hmac.new(key, head.encode() + body, hashlib.sha256).digest())
        if f"v1,{right.decode()}" not in request.headers["webhook-signature"].split():
            return web.Response(status=401)
        self.verified[name] += 1
        return web.Response()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/{name}", self.take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def paid(traffic: Traffic, order: Any, first: Client, then: Client) -> str:
    """Pay with a card at one instance, and repeat the request at the other."""
    body = {"order_id": order["id"], "method": "card", "card": CARD}
    shopper = {"X_Client_Secret": order["client_secret"]}
    return str((await traffic.twice(first, then, "/payments/public", body, **shopper))["id"])


async def test_a_replaced_key_changes_nothing_for_clients(processes: Stack):
    traffic, receiver = Traffic(), Receiver()
    both = f"{NEW},{OLD}"
    old = await processes.serve("--prepare", PAYGATE_VAULT_KEY=OLD)
    hidden = {"values": {"callback_secret": "of a processor"}}
    await traffic.ask(old, "PUT", "/plugins/card_sim/config", hidden)
    new = await processes.serve(PAYGATE_VAULT_KEY=both)
    for keys in (OLD, both):
        await processes.start("work", PAYGATE_VAULT_KEY=keys)
    async with receiver.listening() as base:
        # Instances with the old key only, and with both, side by side.
        waiting, sessions, payments = [], [], []
        for name, first, then in (("a", old, new), ("b", new, old)):
            made = await traffic.twice(first, then, "/orders", {"amount": 50_000})
            payments.append(await paid(traffic, made, then, first))
            waiting.append(await traffic.twice(first, then, "/orders", {"amount": 50_000}))
            await traffic.twice(first, then, "/merchant/webhook/regenerate", None)
            sessions.append(await traffic.signed_in(first))
            change = {"allowed_origins": []}
            await traffic.ask(then, "PATCH", "/merchant", change, **sessions[-1])
            endpoint = {"url": f"{base}/{name}"}
            _, shown = await traffic.ask(first, "POST", "/webhook-endpoints", endpoint)
            receiver.secrets[name] = shown["secret"]
        await until(
            processes, 2, "SELECT count(*) FROM payments WHERE id = ANY($1) AND status = 'success'",
            payments,
        )  # fmt: skip

        # The old one goes: whatever it alone has sealed is sealed anew by a worker.
        for process in (processes.processes[0], processes.processes[2]):
            process.send_signal(signal.SIGTERM)
            await process.wait()
        await processes.start("work", PAYGATE_VAULT_KEY=both)
        await until(processes, 0, LACKING, list(KeyedVault([NEW, OLD]).key_ids))
        day = {"seconds": 86_401}
        await traffic.ask(new, "POST", "/test/clock/advance", day)
        for process in processes.processes[3:]:
            process.send_signal(signal.SIGTERM)
            await process.wait()

        # A day later there are instances with the new key only.
        last = await processes.serve(PAYGATE_VAULT_KEY=NEW)
        await processes.start("work", PAYGATE_VAULT_KEY=NEW)
        made = await traffic.twice(new, last, "/orders", {"amount": 50_000})
        waiting.append(await traffic.twice(last, new, "/orders", {"amount": 50_000}))
        payments = [await paid(traffic, order, last, new) for order in (*waiting, made)]
        for session in sessions:
            change = {"allowed_origins": []}
            await traffic.ask(last, "PATCH", "/merchant", change, **session)
        before = dict(receiver.verified)
        await until(
            processes, 4, "SELECT count(*) FROM payments WHERE id = ANY($1) AND status = 'success'",
            payments,
        )  # fmt: skip
        await until(processes, 0, "SELECT count(*) FROM webhook_logs WHERE status = 'pending'")

    assert set(traffic.statuses) <= {200, 201}, traffic.statuses
    assert await value(processes, "SELECT count(*) FROM webhook_logs WHERE status = 'failed'") == 0
    assert all(receiver.verified[name] > before.get(name, 0) for name in ("a", "b"))
    assert await value(processes, "SELECT count(*) FROM operations WHERE sealed IS NOT NULL") == 0
