"""A shop with payments through paygate: order, checkout, webhook.

What to copy from it: prices are defined on the server; the browser never sees the API secret;
a sale is paid when a signed webhook says so, not when the browser does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from receiver import is_genuine

PAGE = Path(__file__).with_name("shop.html")
TIMEOUT = aiohttp.ClientTimeout(total=10)
UNREACHABLE = (aiohttp.ClientError, TimeoutError)
CLOSED_WITHIN_S = 2.0
WEBHOOKS_SHOWN_MAX = 20
ITEMS = {
    "tea": ("Darjeeling, first flush, 100 g", 24_900),
    "cup": ("A cup with no handle", 49_900),
    "pot": ("A pot for two", 149_900),
}
"""Items and their prices in paise."""

STATUS = {
    "payment.success": "paid",
    "payment.failed": "failed",
    "refund.processed": "refunded",
}
RANK = ["open", "failed", "paid", "refunded"]
"""A sale only moves forward, so the order of webhooks and duplicates do not matter."""


@dataclass
class Sale:
    """The sale of one item."""

    item: str
    order_id: str
    status: str = "open"
    payment_id: str | None = None

    def learn(self, event: str, payment_id: str) -> None:
        """Apply an event of paygate."""
        status = STATUS.get(event, self.status)
        if RANK.index(status) > RANK.index(self.status):
            self.status, self.payment_id = status, payment_id


@dataclass
class Paygate:
    """A client of the API."""

    base: str
    key: str
    secret: str

    async def call(
        self, method: str, path: str, body: Any = None, *, idempotency_key: str = ""
    ) -> Any:
        """Send a request; return a successful response.

        Raises:
            aiohttp.ClientError: No response, or an error response.
        """
        headers = {"X-Api-Key": self.key, "X-Api-Secret": self.secret}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as session,
            session.request(
                method, f"{self.base}/api/v1{path}", json=body, headers=headers
            ) as response,
        ):
            return await response.json()


@dataclass
class Endpoint:
    """The shop's webhook endpoint, with its own secret.

    It exists from the first sale until the shop stops. Other programs may use the same keys
    and have their own endpoints.
    """

    paygate: Paygate
    url: str
    id: str | None = None
    secret: str = ""
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def clear(self) -> None:
        """Remove the endpoint of a shop that was killed."""
        known = await self.paygate.call("GET", "/webhook-endpoints")
        for one in known["data"]:
            if one["url"] == self.url and not one["is_default"]:
                await self.paygate.call("DELETE", f"/webhook-endpoints/{one['id']}")

    async def open(self) -> None:
        """Create the endpoint, and store its secret."""
        async with self.opening:
            if self.id is not None:
                return
            body = {"url": self.url, "events": list(STATUS), "description": "The tea shop"}
            made = await self.paygate.call("POST", "/webhook-endpoints", body)
            self.id, self.secret = made["id"], made["secret"]

    async def close(self) -> None:
        """Remove the endpoint; if paygate has stopped, the next shop removes it."""
        if self.id is not None:
            with suppress(*UNREACHABLE):
                await self.paygate.call("DELETE", f"/webhook-endpoints/{self.id}")


@dataclass
class Shop:
    """Items and sales. A real shop stores this in a database."""

    paygate: Paygate
    endpoint: Endpoint
    sales: dict[str, Sale] = field(default_factory=dict)
    webhooks: deque[dict[str, str]] = field(
        default_factory=lambda: deque(maxlen=WEBHOOKS_SHOWN_MAX)
    )

    async def open(self, _app: web.Application) -> None:
        await self.endpoint.clear()

    async def close(self, _app: web.Application) -> None:
        await self.endpoint.close()

    async def page(self, _request: web.Request) -> web.Response:
        html = PAGE.read_text().replace("{{paygate}}", self.paygate.base)
        return web.Response(text=html, content_type="text/html")

    async def items(self, _request: web.Request) -> web.Response:
        shown = [{"id": id, "name": name, "price": price} for id, (name, price) in ITEMS.items()]
        return web.json_response(shown)

    async def buy(self, request: web.Request) -> web.Response:
        item = (await request.post()).get("item")
        if not isinstance(item, str) or item not in ITEMS:
            return web.json_response({"error": "Unknown item"}, status=400)
        name, price = ITEMS[item]
        body = {"amount": price, "receipt": name}
        try:
            await self.endpoint.open()
            order = await self._order(body)
        except UNREACHABLE:
            return web.json_response({"error": "Please try again later"}, status=502)
        self.sales[order["id"]] = Sale(item, order["id"])
        shown = {"key": self.paygate.key, "orderId": order["id"]}
        return web.json_response({**shown, "clientSecret": order["client_secret"]})

    async def _order(self, body: dict[str, Any]) -> Any:
        key = f"sale-{uuid4()}"
        try:
            return await self.paygate.call("POST", "/orders", body, idempotency_key=key)
        except (aiohttp.ClientConnectionError, TimeoutError):
            # It may have arrived: with the same idempotency key a retry is safe.
            return await self.paygate.call("POST", "/orders", body, idempotency_key=key)

    async def sale(self, request: web.Request) -> web.Response:
        sale = self.sales.get(request.match_info["order_id"])
        if sale is None:
            return web.json_response({"error": "Sale not found"}, status=404)
        return web.json_response({"status": sale.status, "paymentId": sale.payment_id})

    async def webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        secret = self.endpoint.secret
        # Without a secret anyone could sign.
        if not secret or not is_genuine(body, request.headers, secret):
            return web.Response(status=401, text="Invalid signature")
        event = json.loads(body)
        # Other programs may use the same keys; ignore their orders.
        if sale := self.sales.get(event["data"].get("order_id")):
            sale.learn(event["event"], event["data"]["payment_id"])
            self._note(event["event"], sale)
        return web.Response(text="OK")

    def _note(self, event: str, sale: Sale) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        item, _ = ITEMS[sale.item]
        self.webhooks.appendleft({"at": at, "event": event, "item": item, "status": sale.status})
        print(f"{sale.order_id}  {sale.item}  {event}  → {sale.status}", flush=True)

    async def list_webhooks(self, _request: web.Request) -> web.Response:
        """Return the last webhooks, newest first."""
        return web.json_response(list(self.webhooks))


def application(shop: Shop) -> web.Application:
    """Create the shop's application."""
    app = web.Application()
    app.on_startup.append(shop.open)
    app.on_cleanup.append(shop.close)
    app.router.add_get("/", shop.page)
    app.router.add_get("/items", shop.items)
    app.router.add_post("/buy", shop.buy)
    app.router.add_get("/sales/{order_id}", shop.sale)
    app.router.add_get("/webhooks", shop.list_webhooks)
    app.router.add_post("/webhook", shop.webhook)
    return app


def listening(port: int) -> socket.socket:
    """Listen before anything is sent to paygate.

    Raises:
        SystemExit: The port is in use.
    """
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        reason = error.strerror
        raise SystemExit(
            f"The shop cannot start: port {port} is not available ({reason}). "
            "Set SHOP_PORT to another one."
        ) from None


def main() -> None:
    """Serve until interrupted."""
    read = argparse.ArgumentParser(description="A shop with payments through paygate.")
    port = int(os.environ.get("SHOP_PORT", "4100"))
    read.add_argument("--port", type=int, default=port, help="SHOP_PORT, or 4100")
    base = os.environ.get("PAYGATE_URL", "http://localhost:8000")
    read.add_argument("--paygate", default=base, help="URL of the API")
    options = read.parse_args()
    key = os.environ.get("PAYGATE_KEY", "key_test_abc123")
    secret = os.environ.get("PAYGATE_SECRET", "secret_test_xyz789")
    paygate = Paygate(options.paygate.rstrip("/"), key, secret)
    door = listening(options.port)
    here = f"http://localhost:{door.getsockname()[1]}"
    shop = Shop(paygate, Endpoint(paygate, f"{here}/webhook"))

    def tell(_running: str) -> None:
        print(f"The demo shop is ready: {here}\n", flush=True)

    app = application(shop)
    try:
        web.run_app(app, sock=door, print=tell, access_log=None, shutdown_timeout=CLOSED_WITHIN_S)
    except UNREACHABLE as error:
        raise SystemExit(f"The shop cannot start: {paygate.base} responded with {error}") from None


if __name__ == "__main__":
    main()
