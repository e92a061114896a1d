"""A shop that takes money through paygate: the order, the checkout, the webhook.

What to copy from it: prices are the server's; the browser never sees the API secret;
a sale is paid when a signed webhook says so, and not when a browser does.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from receiver import is_genuine

PAGE = Path(__file__).with_name("shop.html")
TIMEOUT = aiohttp.ClientTimeout(total=10)
ITEMS = {
    "tea": ("Darjeeling, first flush, 100 g", 24_900),
    "cup": ("A cup with no handle", 49_900),
    "pot": ("A pot for two", 149_900),
}
"""What is sold, and for how many paise."""

STATUS = {
    "payment.success": "paid",
    "payment.failed": "failed",
    "refund.processed": "refunded",
}
RANK = ["open", "failed", "paid", "refunded"]
"""A sale moves forward only, so it does not matter in which order webhooks come, or twice."""


@dataclass
class Sale:
    """One item on its way to somebody."""

    item: str
    order_id: str
    status: str = "open"
    payment_id: str | None = None

    def learn(self, event: str, payment_id: str) -> None:
        """Take note of what paygate says."""
        status = STATUS.get(event, self.status)
        if RANK.index(status) > RANK.index(self.status):
            self.status, self.payment_id = status, payment_id


@dataclass
class Paygate:
    """The API, as this shop uses it."""

    base: str
    key: str
    secret: str

    async def call(self, method: str, path: str, body: Any, *, idempotency_key: str = "") -> Any:
        """The answer, if it is a good one.

        Raises:
            aiohttp.ClientError: There was none, or it is a refusal.
        """
        headers = {"X-Api-Key": self.key, "X-Api-Secret": self.secret}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as session,
            session.request(
                method, f"{self.base}/api/v1{path}", json=body, headers=headers
            ) as said,
        ):
            return await said.json()


@dataclass
class Shop:
    """What is for sale and what was sold. A real one keeps this in a database."""

    paygate: Paygate
    webhook_url: str
    webhook_secret: str = ""
    sales: dict[str, Sale] = field(default_factory=dict)

    async def open(self, _app: web.Application) -> None:
        """Say where webhooks go, and learn what signs them."""
        body = {"webhook_url": self.webhook_url}
        merchant = await self.paygate.call("PATCH", "/merchant/webhook", body)
        self.webhook_secret = merchant["webhook_secret"]

    async def page(self, _request: web.Request) -> web.Response:
        html = PAGE.read_text().replace("{{paygate}}", self.paygate.base)
        return web.Response(text=html, content_type="text/html")

    async def items(self, _request: web.Request) -> web.Response:
        shown = [{"id": id, "name": name, "price": price} for id, (name, price) in ITEMS.items()]
        return web.json_response(shown)

    async def buy(self, request: web.Request) -> web.Response:
        item = (await request.post()).get("item")
        if not isinstance(item, str) or item not in ITEMS:
            return web.json_response({"error": "We do not sell that"}, status=400)
        name, price = ITEMS[item]
        body = {"amount": price, "receipt": name}
        try:
            order = await self._order(body)
        except (aiohttp.ClientError, TimeoutError):
            return web.json_response({"error": "Please try again in a moment"}, status=502)
        self.sales[order["id"]] = Sale(item, order["id"])
        shown = {"key": self.paygate.key, "orderId": order["id"]}
        return web.json_response({**shown, "clientSecret": order["client_secret"]})

    async def _order(self, body: dict[str, Any]) -> Any:
        key = f"sale-{uuid4()}"
        try:
            return await self.paygate.call("POST", "/orders", body, idempotency_key=key)
        except (aiohttp.ClientConnectionError, TimeoutError):
            # It may have arrived all the same: with the same key, asking again is safe.
            return await self.paygate.call("POST", "/orders", body, idempotency_key=key)

    async def sale(self, request: web.Request) -> web.Response:
        sale = self.sales.get(request.match_info["order_id"])
        if sale is None:
            return web.json_response({"error": "No such sale"}, status=404)
        return web.json_response({"status": sale.status, "paymentId": sale.payment_id})

    async def webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not is_genuine(body, request.headers, self.webhook_secret):
            return web.Response(status=401, text="Invalid signature")
        told = json.loads(body)
        # Other programs may sell under the same keys; their orders are none of ours.
        if sale := self.sales.get(told["data"].get("order_id")):
            sale.learn(told["event"], told["data"]["payment_id"])
            print(f"{sale.order_id}  {sale.item}  {told['event']}  → {sale.status}", flush=True)
        return web.Response(text="OK")


def application(shop: Shop) -> web.Application:
    """The shop behind HTTP."""
    app = web.Application()
    app.on_startup.append(shop.open)
    app.router.add_get("/", shop.page)
    app.router.add_get("/items", shop.items)
    app.router.add_post("/buy", shop.buy)
    app.router.add_get("/sales/{order_id}", shop.sale)
    app.router.add_post("/webhook", shop.webhook)
    return app


def main() -> None:
    """Be open until interrupted."""
    read = argparse.ArgumentParser(description="A shop that takes money through paygate.")
    read.add_argument("--port", type=int, default=4000, help="4000 unless given")
    base = os.environ.get("PAYGATE_URL", "http://localhost:8000")
    read.add_argument("--paygate", default=base, help="where its API is")
    said = read.parse_args()
    key = os.environ.get("PAYGATE_KEY", "key_test_abc123")
    secret = os.environ.get("PAYGATE_SECRET", "secret_test_xyz789")
    paygate = Paygate(said.paygate.rstrip("/"), key, secret)
    shop = Shop(paygate, f"http://localhost:{said.port}/webhook")
    print(f"open: http://localhost:{said.port}", flush=True)
    try:
        web.run_app(
            application(shop), host="127.0.0.1", port=said.port, print=None, access_log=None
        )
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SystemExit(f"paygate at {paygate.base} cannot be used: {error}") from None


if __name__ == "__main__":
    main()
