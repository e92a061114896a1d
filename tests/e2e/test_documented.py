"""The page that docs/reference/checkout.md shows takes a payment."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page

from .checkout import MODAL, Modal, press
from .gateway import ROOT, Gateway
from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_documented_page_takes_a_payment(
    page: Page, gateway: Gateway, shop: Shop
) -> None:
    text = (ROOT / "docs" / "reference" / "checkout.md").read_text()
    documented = re.findall(r"```html\n(.*?)```", text, re.DOTALL)[0]
    order = await gateway.order()
    html = documented.replace("http://localhost:3001", gateway.checkout_base)
    logged: list[str] = []
    page.on("console", lambda line: logged.append(line.text))
    await page.goto(f"{shop.base}/empty")
    await page.set_content(html.replace("order_123", order))
    await press(page.get_by_role("button", name="Pay"))
    assert await page.get_by_test_id(MODAL).count() == 1
    await Modal(page).checkout.pay_by_upi()
    await Modal(page).is_gone()

    [payment] = await gateway.payments(order)
    assert logged[-2:] == [f"paid {payment['id']}", "closed"]


@pytest.mark.parametrize("is_ours", [True, False])
async def test_a_page_with_subresource_integrity_runs_only_the_published_script(
    page: Page, gateway: Gateway, shop: Shop, is_ours: bool
) -> None:
    logged = await page.request.get(f"{gateway.base}/checkout/integrity.json")
    integrity = (await logged.json())["checkout.js"] if is_ours else f"sha384-{'A' * 64}"
    await page.goto(f"{shop.base}/empty")
    loaded = await page.evaluate(
        """([src, integrity]) => new Promise((tell) => {
            const script = document.createElement("script");
            Object.assign(script, { src, integrity, crossOrigin: "anonymous" });
            script.onload = () => tell(true);
            script.onerror = () => tell(false);
            document.head.append(script);
        })""",
        [f"{gateway.base}/checkout.js", integrity],
    )

    assert loaded is is_ours
    assert await page.evaluate("'PaymentGateway' in window") is is_ours
