"""The gateway that shoppers meet: real processes, and a worker that can be paused."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.prepared import Process
from tests.harness.processes import Client, free_port, stack

ROOT = Path(__file__).parents[2]
WALLET = ROOT / "examples" / "plugins" / "acme_wallet"

ENVIRON = {"TEST_MODE": "true", "TEST_PROCESSING_DELAY": "100"}


@dataclass
class Gateway:
    """An API and a worker.

    Args:
        checkout_base: Another server's, which has the checkout page and no API.
    """

    client: Client
    worker: Process
    checkout_base: str

    @property
    def base(self) -> str:
        return self.client.base

    async def order(self, amount: int = 50_000, **fields: Any) -> str:
        body = {"amount": amount, **fields}
        status, order = await self.client.call("POST", "/api/v1/orders", json=body)
        assert status == 201, order
        return str(order["id"])

    async def payments(self, order_id: str) -> list[dict[str, Any]]:
        """Return all payments of an order, the newest first."""
        _, payments = await self.client.call("GET", "/api/v1/payments/list")
        return [payment for payment in payments if payment["order_id"] == order_id]

    async def pay(self, order_id: str, vpa: str = "asha@okaxis") -> dict[str, Any]:
        """Pay without a browser; the payment once it is decided."""
        body = {"order_id": order_id, "method": "upi", "vpa": vpa}
        _, made = await self.client.call("POST", "/api/v1/payments", json=body)
        payment = dict(made)
        async with asyncio.timeout(60):
            while payment["status"] == "pending":
                await asyncio.sleep(0.02)
                _, payment = await self.client.call("GET", f"/api/v1/payments/{payment['id']}")
        return payment

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Nothing is processed meanwhile: payments stay pending."""
        self.worker.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.worker.send_signal(signal.SIGCONT)


GatewayWith = Callable[..., AbstractAsyncContextManager[Gateway]]
"""Settings of its own → a gateway."""


def install_wallet(folder: Path) -> str:
    """Install the third-party plugin as pip does; return the search path."""
    about = folder / "paygate_acme_wallet-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: paygate-acme-wallet\nVersion: 0.1.0\n"
    )
    (about / "entry_points.txt").write_text("[paygate]\nacme_wallet = paygate_acme_wallet\n")
    return f"{folder}:{WALLET}"


@asynccontextmanager
async def running_gateway(
    database_url: str, redis_url: str, home: Path, **more: str
) -> AsyncIterator[Gateway]:
    environ = {**ENVIRON, "PYTHONPATH": install_wallet(home), **more}
    async with stack(database_url, redis_url, home, environ) as processes:
        client = await processes.serve()
        worker = await processes.start("work")
        port = str(free_port())
        await processes.start("pages", "checkout", "--port", port, PAYGATE_API_URL=client.base)
        pages = Client(f"http://127.0.0.1:{port}")
        await pages.until_healthy()
        yield Gateway(client, worker, pages.base)
