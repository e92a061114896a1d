"""Which origins may frame the checkout; others see nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect
from quart import Quart

from paygate.adapters.serving.server import answer
from paygate.cli.listening import listen
from paygate.core.api.pages.checkout import pages as checkout_page

from .axe import faults
from .checkout import Checkout, Modal
from .gateway import Gateway
from .shop import Shop, open_shop
from .test_clients import FROM_A_FILE, filled

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE_S = 60


@pytest_asyncio.fixture(loop_scope="session")
async def evil(gateway: Gateway) -> AsyncIterator[Shop]:
    """Provide a foreign site."""
    async with open_shop(gateway.base, gateway.checkout_base) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def allowed(gateway: Gateway, shop: Shop) -> AsyncIterator[None]:
    """Allow only the merchant's shop to frame the checkout during the test."""
    await allow(gateway, shop.base)
    yield
    await allow(gateway)


async def allow(gateway: Gateway, *origins: str) -> None:
    body = {"allowed_origins": list(origins)}
    status, answer = await gateway.client.call("PATCH", "/api/v1/merchant", json=body)
    assert status == 200, answer


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("where", ["classic", "of_other_server"])
async def test_the_checkout_works_in_a_frame_of_the_shop(
    page: Page, gateway: Gateway, shop: Shop, where: str
) -> None:
    await page.goto(getattr(shop, where)())
    checkout = await Modal(page).open(await gateway.order())
    await checkout.pay_by_upi()

    await Modal(page).called("success", "close")


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("where", ["classic", "of_other_server"])
async def test_another_site_cannot_frame_it(
    page: Page, gateway: Gateway, evil: Shop, where: str
) -> None:
    """The server that has the pages alone asks the API who may."""
    window = await page.context.new_page()
    await window.goto(getattr(evil, where)())
    await Modal(window).open(await gateway.order())
    async with window.expect_event("console", lambda line: "frame-ancestors" in line.text):
        await window.evaluate("gateway.close(); gateway.open()")

    async with asyncio.timeout(PATIENCE_S):
        while not (await Modal(window).frame()).url.startswith("chrome-error:"):
            await asyncio.sleep(0.05)
    assert await window.evaluate("received") == []
    await window.close()


@pytest.mark.usefixtures("allowed")
async def test_a_file_cannot_frame_the_checkout_of_a_merchant_with_origins(
    context: BrowserContext, gateway: Gateway, tmp_path: Path
) -> None:
    window = await context.new_page()
    shop = tmp_path / "shop.html"
    shop.write_text(filled(FROM_A_FILE, gateway, await gateway.order()))
    await window.goto(shop.as_uri())
    async with window.expect_event("console", lambda line: "frame-ancestors" in line.text):
        await window.click("#buy")


@asynccontextmanager
async def pages_without_the_rule(gateway: Gateway) -> AsyncIterator[str]:
    """Provide a server of the checkout page without ``frame-ancestors``, as behind some proxies."""

    async def no_rule(order_id: str, payment_id: str) -> None:
        return None

    app = Quart("pages")
    app.register_blueprint(checkout_page(api_origin=gateway.base, framers=no_rule))
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(answer(app, listening, stopped))
        yield f"http://127.0.0.1:{port}"
        stopped.set()


@pytest.mark.usefixtures("allowed")
async def test_without_frame_ancestors_the_page_hides_itself_in_a_foreign_frame(
    page: Page, gateway: Gateway
) -> None:
    """The page itself asks the API who may frame it."""
    async with (
        pages_without_the_rule(gateway) as pages,
        open_shop(gateway.base, pages) as evil,
    ):
        await page.goto(evil.of_other_server())
        checkout = await Modal(page).open(await gateway.order())
        await expect(checkout.part("notice-title")).to_have_text("Not available here")
        await expect(checkout.part("order-amount")).to_have_count(0)
        wrong = await faults(page, await Modal(page).frame())
        await checkout.where.locator("body").press("Escape")
        await page.wait_for_timeout(300)
        types = {data["type"] for _, data in await page.evaluate("received")}
        await page.goto("about:blank")

    assert types <= {"checkout_ready", "checkout_resized"}
    assert wrong == []


@pytest.mark.usefixtures("allowed")
async def test_a_top_level_checkout_works_and_cannot_be_framed(
    page: Page, gateway: Gateway
) -> None:
    await page.goto(f"{gateway.base}/checkout?order_id={await gateway.order()}")
    await Checkout(page).pay_by_upi()
    await Checkout(page).until("success-state")
