"""The live connection updates pages immediately; without it, they poll."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import Page, Route, expect

from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_new_payment_appears_before_the_next_poll(dashboard: Page, gateway: Gateway):
    await dashboard.get_by_role("link", name="Transactions", exact=True).click()
    await expect(dashboard.get_by_test_id("live-state")).to_have_text("Live")
    await expect(dashboard.get_by_test_id("transactions-table")).to_be_visible()
    # While it is live, lists are asked for every 15 s by themselves.
    asked: list[float] = []
    dashboard.on(
        "request",
        lambda sent: asked.append(time.monotonic()) if "/payments?" in sent.url else None,
    )
    payment = await gateway.pay()
    row = dashboard.locator(f"tr[data-payment-id={payment['id']}]")

    await expect(row.get_by_test_id("status")).to_have_text("success", timeout=10_000)
    assert asked


async def test_without_the_live_connection_the_page_polls_and_shows_it(
    timed_page: Page, gateway: Gateway
):
    page = timed_page

    async def refuse(route: Route) -> None:
        await route.abort()

    await page.route("**/api/v1/stream*", refuse)
    await page.goto(f"{gateway.dashboard}/dashboard/transactions")
    await expect(page.get_by_test_id("live-state")).to_have_text("Polling")
    payment = await gateway.pay()
    await page.clock.fast_forward(2_500)
    row = page.locator(f"tr[data-payment-id={payment['id']}]")
    await expect(row.get_by_test_id("status")).to_have_text("success")
    await page.unroute("**/api/v1/stream*")
    # Longer than the page waits between two tries.
    await page.clock.fast_forward(31_000)

    await expect(page.get_by_test_id("live-state")).to_have_text("Live")
