"""A gateway in processes of its own, and everything that it answers and sends."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from aiohttp import web

from tests.harness.installed import install
from tests.harness.prepared import ROOT
from tests.harness.processes import Client, Stack, free_port, stack

PLUGIN = "from tests.canary.plugin import *\n"
PLANTED = "planted-9c41e07f"
NUMBER, CVV = "378282246310005", "0864"
VPA = "marked.payer@paytm"
KEY, SECRET = "key_test_marked", f"secret_{secrets.token_urlsafe(32)}"
WEBHOOK_SECRET = f"whsec_{secrets.token_hex(16)}"
PLUGIN_SECRET = f"plugin{secrets.token_hex(16)}"
PASSWORD = f"marked password {secrets.token_hex(8)}"
MERCHANT = {"X-Api-Key": KEY, "X-Api-Secret": SECRET}


@dataclass
class Site:
    """The running gateway.

    Attributes:
        marks: The values that are searched for, by name.
        seen: What the gateway answered and sent, by kind.
        controls: Values without secrets, one of which is in every place that is searched.
    """

    stack: Stack
    base: str
    hook: str
    marks: dict[str, str]
    seen: defaultdict[str, list[bytes]]
    controls: list[str] = field(default_factory=lambda: [PLANTED])
    statuses: list[int] = field(default_factory=list)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] = MERCHANT,
        kind: str = "",
        prefix: str = "/api/v1",
    ) -> Any:
        """Send a request, and keep the response if it is an error or has a kind."""
        sent = {"data": body} if isinstance(body, bytes) else {"json": body} if body else {}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, self.base + prefix + path, headers=headers, **sent) as response,
        ):
            text = await response.read()
            self.statuses.append(response.status)
            kept = (
                text + b"\n" + "\n".join(f"{n}: {v}" for n, v in response.headers.items()).encode()
            )
            if response.status >= 400:
                self.seen["errors"].append(kept)
            elif kind:
                self.seen[kind].append(kept)
            found = json.loads(text) if response.content_type == "application/json" else None
            if path.endswith("/session") and method == "POST" and response.status == 200:
                found["cookie"] = response.cookies["__Host-paygate"].value
            return found

    async def until(self, wanted: object, sql: str) -> None:
        """Wait until a query returns a value."""
        async with asyncio.timeout(30):
            while await self.value(sql) != wanted:
                await asyncio.sleep(0.05)

    async def value(self, sql: str) -> Any:
        """Return the first value of a query."""
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    def places(self) -> dict[str, bytes]:
        """Return what was answered and sent."""
        return {kind: b"\n".join(texts) for kind, texts in self.seen.items()}


@asynccontextmanager
async def receiver(seen: defaultdict[str, list[bytes]]) -> AsyncIterator[str]:
    """Serve a merchant's receiver and a bank, which repeat what they get."""

    async def repeat(request: web.Request) -> web.Response:
        body = await request.read()
        if request.path == f"/hook/{PLANTED}":
            heads = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
            seen["webhooks"].append(body + f"\n{request.path}\n{heads}".encode())
            return web.Response(text="ok")
        return web.Response(body=body, headers={"X-Repeated": request.headers["Authorization"]})

    app = web.Application()
    app.add_routes([web.post("/hook/{name}", repeat), web.post("/bank", repeat)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_site(database_url: str, redis_url: str, home: Path) -> AsyncIterator[Site]:
    """Start an API and a worker that log everything they can."""
    seen: defaultdict[str, list[bytes]] = defaultdict(list)
    logs = home / "logs"
    logs.mkdir()
    async with receiver(seen) as base:
        environ = {
            "TEST_MODE": "true",
            "TEST_PROCESSING_DELAY": "0",
            "TEST_API_KEY": KEY,
            "TEST_API_SECRET": SECRET,
            "TEST_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "PAYGATE_LOG_LEVEL": "debug",
            "PAYGATE_TRACE_PLUGINS": "true",
            "PAYGATE_TRACES": f"file:{logs / 'spans.log'}",
            "PAYGATE_REQUIRE_CLIENT_SECRET": "true",
            "PYTHONPATH": f"{install(home / 'plugin', 'leaky', PLUGIN)}:{ROOT}",
            "PAYGATE_LEAKY_SIGNING_SECRET": PLUGIN_SECRET,
            "PAYGATE_LEAKY_BANK": f"{base}/bank",
            "PAYGATE_LEAKY_PLANTED": PLANTED,
        }
        marks = {
            "card number": NUMBER,
            "CVV": CVV,
            "VPA": VPA,
            "API secret": SECRET,
            "webhook secret": WEBHOOK_SECRET,
            "plugin secret": PLUGIN_SECRET,
            "password": PASSWORD,
        }
        async with stack(database_url, redis_url, home, environ, logs) as running:
            process = await running.start("serve", "--prepare", PORT=str(port := free_port()))
            client = Client(f"http://127.0.0.1:{port}")
            await client.until_healthy(process)
            await running.start("work")
            yield Site(running, client.base, f"{base}/hook/{PLANTED}", marks, seen)
