"""The overview: figures, charts and open problems."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from paygate.core.money import Money

from .gateway import Gateway, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")


CURRENCIES = """
    INR USD EUR GBP CHF HUF COP IDR PKR TWD IRR LAK MGA XCG SGD
    JPY KRW VND CLP ISK UGX XAF UYI BHD IQD JOD KWD OMR CLF UYW
""".split()


async def test_each_currency_has_its_own_decimals(gateway: Gateway, page: Page):
    shown, taken = {}, {}
    await page.goto(f"{gateway.dashboard}/dashboard/orders")
    finder = page.get_by_label("Find a payment or an order")
    for currency in CURRENCIES:
        order = await gateway.order(500_000, currency=currency)
        await finder.fill(order)
        await finder.press("Enter")
        await page.wait_for_url(f"**/orders/{order}")
        await expect(page.get_by_test_id("order-page")).to_contain_text(order)
        amount = await page.locator(".page-head__money").inner_text()
        shown[currency] = re.sub(r"[^\d.]", "", amount)
        taken[currency] = str(Money(500_000, currency)).split()[0]

    assert len(CURRENCIES) == 30
    assert shown == taken


async def test_the_chart_describes_each_bar(dashboard: Page, gateway: Gateway):
    await gateway.pay()
    await dashboard.reload()
    await expect(dashboard.locator(".chart__bar").first).to_be_attached()
    await dashboard.locator(".chart__picture").first.hover()

    tip = dashboard.locator(".chart__tip")
    await expect(tip).to_contain_text("succeeded")
    await expect(tip).to_contain_text("failed")


async def test_failed_payments_are_reached_from_the_decline_reasons(
    dashboard: Page, gateway: Gateway
):
    payment = await gateway.pay(4_200, vpa="insufficient@upi", until="failed")

    latest = dashboard.get_by_role("region", name="Latest failed payments")
    await latest.get_by_role("link", name="Insufficient funds").first.click()

    await dashboard.wait_for_url(f"**/dashboard/transactions/{payment['id']}")
    reason = dashboard.get_by_test_id("failure-reason")
    await expect(reason).to_contain_text("Insufficient funds")
    await expect(reason).to_contain_text("insufficient_funds")
    await expect(dashboard.get_by_test_id("payment-status")).to_have_text("failed")


async def test_a_failed_webhook_is_resent_with_one_click(
    dashboard: Page, gateway: Gateway, receiver: Receiver
):
    receiver.status = 500
    await gateway.call("POST", "/merchant/webhook/test", {"event": "test.overview"})
    trouble = dashboard.locator("li", has_text="test.overview")
    await expect(trouble).to_contain_text("responded with 500")
    receiver.status = 200
    await trouble.get_by_role("button", name="Send again").click()

    await expect(trouble).to_be_hidden()
    # It leaves the list when it is being sent; the receiver gets it a little later.
    async with asyncio.timeout(60):
        while receiver.events().count("test.overview") < 2:
            await asyncio.sleep(0.05)


async def test_without_the_api_old_figures_stay_and_are_marked_as_old(
    timed_page: Page, gateway: Gateway
):
    page = timed_page
    await gateway.pay()
    await page.goto(f"{gateway.dashboard}/dashboard")
    total = page.get_by_test_id("total-transactions")
    await expect(total).not_to_have_text("")
    before = await total.inner_text()
    for path in ("**/api/v1/**", "**/health"):
        await page.route(path, lambda route: route.abort())
    # Until the page asks again, here and below.
    await page.clock.fast_forward(16_000)
    silent = page.get_by_text("The API has not responded since")
    await expect(silent).to_be_visible()
    await expect(total).to_have_text(before)
    await page.unroute("**/api/v1/**")
    await page.unroute("**/health")
    await page.clock.fast_forward(16_000)

    await expect(silent).to_be_hidden()
