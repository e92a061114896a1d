"""A merchant's site, on an origin of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape

from aiohttp import web

from tests.harness.processes import free_port

SCRIPT = """
window.calls = [];
window.received = [];
window.record = (name) => (value) => window.calls.push([name, value ?? null, String(value)]);
window.sell = (key, orderId, more) => new PaymentGateway({
  key, orderId,
  onSuccess: record("success"), onFailure: record("failure"), onClose: record("close"),
  ...more,
});
window.addEventListener("message", (event) => window.received.push([event.origin, event.data]));
"""

MODULE = """
import {{ PaymentGateway }} from "{gateway}/checkout.mjs";
window.PaymentGateway = PaymentGateway;
window.isLoaded = true;
"""


@dataclass(frozen=True)
class Shop:
    """A running site.

    Args:
        base: By another name than the gateway's, so that browsers call it another site.
    """

    base: str

    def classic(self) -> str:
        """Return a page with the script, as the documents say."""
        return f"{self.base}/classic?src=/checkout.js"

    def under_sdk(self) -> str:
        """Return a page with the script at its other address."""
        return f"{self.base}/classic?src=/sdk/checkout.js"

    def of_other_server(self) -> str:
        """Return a page with the script from the server that has the checkout page alone."""
        return f"{self.base}/alone"

    def module(self) -> str:
        return f"{self.base}/module"

    def handmade(self, order_id: str) -> str:
        """Return a page that frames the checkout itself, as clients without the script do."""
        return f"{self.base}/handmade?order_id={order_id}"


def _page(body: str, gateway: str, checkout: str | None = None) -> web.Response:
    pages = checkout or gateway
    policy = (
        f"default-src 'none'; script-src 'self' {pages}; "
        f"frame-src 'self' {pages}; connect-src {gateway}"
    )
    html = (
        "<!doctype html><html lang=en><title>Shop</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<script src="/shop.js"></script>{body}'
        "<h1>Shop</h1><button id=buy>Buy</button>"
    )
    headers = {"Content-Security-Policy": policy}
    return web.Response(text=html, content_type="text/html", headers=headers)


def _app(gateway: str, checkout: str) -> web.Application:
    async def classic(request: web.Request) -> web.Response:
        source = escape(gateway + request.query["src"])
        return _page(f'<script src="{source}"></script>', gateway)

    async def alone(request: web.Request) -> web.Response:
        return _page(f'<script src="{checkout}/checkout.js"></script>', gateway, checkout)

    async def module(request: web.Request) -> web.Response:
        return _page('<script type="module" src="/module.js"></script>', gateway)

    async def handmade(request: web.Request) -> web.Response:
        order_id = escape(request.query["order_id"])
        address = f"{gateway}/checkout?order_id={order_id}&amp;embedded=true"
        return _page(
            f'<iframe title="Pay" width="400" height="600" src="{address}"></iframe>', gateway
        )

    async def script(request: web.Request) -> web.Response:
        text = SCRIPT if request.path == "/shop.js" else MODULE.format(gateway=gateway)
        return web.Response(text=text, content_type="text/javascript")

    async def empty(request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Empty</title>", content_type="text/html")

    app = web.Application()
    app.add_routes(
        [
            web.get("/classic", classic),
            web.get("/alone", alone),
            web.get("/module", module),
            web.get("/handmade", handmade),
            web.get("/shop.js", script),
            web.get("/module.js", script),
            web.get("/empty", empty),
        ]
    )
    return app


@asynccontextmanager
async def serving(html: str) -> AsyncIterator[str]:
    """Provide a site of one page without a policy; its address."""

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    async with _running(app) as base:
        yield f"{base}/"


@asynccontextmanager
async def open_shop(gateway: str, checkout: str) -> AsyncIterator[Shop]:
    async with _running(_app(gateway, checkout)) as base:
        yield Shop(base)


@asynccontextmanager
async def _running(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://localhost:{port}"
    finally:
        await runner.cleanup()
