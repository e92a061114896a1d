"""How much a browser loads before a shopper can pay."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from .checkout import Checkout, Modal
from .gateway import Gateway
from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

ON_THE_WIRE_BYTES_MAX = 100_000


async def test_the_checkout_loads_less_than_100_kb(page: Page, gateway: Gateway) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    fetched: list[dict[str, Any]] = []
    session.on("Network.loadingFinished", lambda one: fetched.append(one))  # noqa: PLW0108 - Playwright marks what it is handed
    order = await gateway.order()
    await page.goto(f"{gateway.base}/checkout?order_id={order}")
    await Checkout(page).fill_upi()

    assert len(fetched) >= 4, "the page, its script, its style, and what they ask"
    assert sum(one["encodedDataLength"] for one in fetched) < ON_THE_WIRE_BYTES_MAX


async def test_a_modal_loads_less_than_100_kb(page: Page, gateway: Gateway, shop: Shop) -> None:
    sizes: list[int] = []

    async def weigh(request: Any) -> None:
        if request.url.startswith(gateway.base):
            size = await request.sizes()
            sizes.append(size["responseBodySize"] + size["responseHeadersSize"])

    page.on("requestfinished", weigh)
    await page.goto(shop.classic())
    checkout = await Modal(page).open(await gateway.order())
    await checkout.fill_upi()
    await page.wait_for_timeout(200)

    assert len(sizes) >= 5
    assert sum(sizes) < ON_THE_WIRE_BYTES_MAX
