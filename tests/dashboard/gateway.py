"""A gateway, its dashboard on a port of its own, and a merchant's server that takes webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from hypercorn.asyncio import serve
from hypercorn.config import Config

from paygate.core.api.app import create_app
from paygate.core.api.pages.dashboard import DashboardSettings, create_dashboard
from tests.harness.apps import running_app
from tests.harness.playing import CARD
from tests.harness.processes import Client, free_port, stack

ENVIRON = {
    "TEST_MODE": "true",
    "TEST_PROCESSING_DELAY": "50",
    "REFUND_DELAY_MIN": "50",
    "REFUND_DELAY_MAX": "100",
    "WEBHOOK_RETRY_INTERVALS_TEST": "true",
}
PATIENCE_S = 60.0


@dataclass
class Receiver:
    """A merchant's server: what it was sent, and what it answers."""

    url: str
    status: int = 200
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, text="out of order" if self.status >= 500 else "OK")

    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, body in self.taken]


@dataclass
class Gateway:
    """An API, a worker and the dashboard's own server."""

    client: Client
    dashboard: str
    beside: str
    """An API's port that serves the pages too."""

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self.client.call(method, f"/api/v1{path}", json=body)
        assert status < 300, answer
        return answer

    async def order(self, amount: int = 50_000, **fields: Any) -> str:
        return str((await self.call("POST", "/orders", {"amount": amount, **fields}))["id"])

    async def pay(
        self, amount: int = 50_000, *, vpa: str = "asha@paytm", until: str = "success", **order: Any
    ) -> Any:
        """Return the payment of a new order, when it has that status."""
        order_id = await self.order(amount, **order)
        is_upi = order.get("currency", "INR") == "INR"
        paid_by = {"method": "upi", "vpa": vpa} if is_upi else {"method": "card", "card": CARD}
        payment = await self.call("POST", "/payments", {"order_id": order_id, **paid_by})
        async with asyncio.timeout(PATIENCE_S):
            while payment["status"] != until:
                await asyncio.sleep(0.02)
                payment = await self.call("GET", f"/payments/{payment['id']}")
        return payment

    async def send_webhooks_to(self, url: str | None) -> None:
        await self.call("PATCH", "/merchant/webhook", {"webhook_url": url})


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    port = free_port()
    receiver = Receiver(f"http://localhost:{port}/webhook")
    app = web.Application()
    app.router.add_post("/webhook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield receiver
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_gateway(database_url: str, redis_url: str, home: Path) -> AsyncIterator[Gateway]:
    """Real processes for the API and the worker; the dashboard stands on another port."""
    port = free_port()
    environ = {**ENVIRON, "DASHBOARD_URL": f"http://127.0.0.1:{port}"}
    async with (
        stack(database_url, redis_url, home, environ) as processes,
        running_app(database_url, home) as local,
    ):
        client = await processes.serve()
        await processes.start("work")
        deps = local.app.deps
        settings = DashboardSettings(
            api_origin=client.base, is_alone=True, test_merchant=deps.policy.test_merchant
        )
        alone = create_dashboard(deps.ids, settings)
        beside = create_app(deps, local.app.web)
        async with served(alone, port) as dashboard, served(beside, free_port()) as both:
            yield Gateway(client, dashboard, both)


@asynccontextmanager
async def served(app: Any, port: int) -> AsyncIterator[str]:
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "warning"
    over = asyncio.Event()
    running = asyncio.create_task(serve(app, config, shutdown_trigger=over.wait))
    try:
        await _until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        over.set()
        await running


async def _until_open(port: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(ConnectionRefusedError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)
