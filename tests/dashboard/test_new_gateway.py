"""An empty gateway, and its first payments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.harness.databases import Databases

from .gateway import Gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")

OF_PAYMENTS = ["Payment ID", "Order ID", "Amount", "Method", "Status", "Created"]
OF_WEBHOOKS = ["Event", "Status", "Attempts", "Last Attempt", "Response Code", "Actions"]


@pytest_asyncio.fixture(loop_scope="session")
async def new_gateway(
    databases: Databases, redis_url: str, tmp_path: Path
) -> AsyncIterator[Gateway]:
    database_url = await databases.clone()
    async with open_gateway(database_url, redis_url, tmp_path) as running:
        yield running
    await databases.drop(database_url)


async def expect_figures(page: Page, transactions: str, amount: str, rate: str) -> None:
    await expect(page.get_by_test_id("total-transactions")).to_have_text(transactions)
    await expect(page.get_by_test_id("total-amount")).to_have_text(amount)
    await expect(page.get_by_test_id("success-rate")).to_have_text(rate)


async def payments_are_empty(page: Page) -> None:
    """Check that the table is shown while it is empty."""
    table = page.locator("table[data-test-id=transactions-table]")
    await expect(table).to_be_visible()
    assert await table.locator("th").all_text_contents() == OF_PAYMENTS
    await expect(page.get_by_test_id("transaction-row")).to_have_count(0)
    await expect(page.get_by_test_id("empty-state")).to_contain_text("No payments yet")


async def webhooks_are_empty(page: Page) -> None:
    """Check that the page matches the contract while it is empty."""
    part = page.get_by_test_id("webhook-config")
    await expect(part.locator("h2")).to_have_text("Webhook Configuration")
    await expect(part.locator("h3")).to_have_text("Webhook Logs")
    url = part.locator("form[data-test-id=webhook-config-form] input[type=url]")
    await expect(url).to_have_attribute("data-test-id", "webhook-url-input")
    await expect(url).to_have_attribute("placeholder", "https://yoursite.com/webhook")
    table = part.locator("table[data-test-id=webhook-logs-table]")
    await expect(table).to_be_visible()
    assert await table.locator("th").all_text_contents() == OF_WEBHOOKS


async def test_empty_pages_work_and_figures_update_without_a_reload(
    new_gateway: Gateway, page: Page
):
    await page.goto(f"{new_gateway.dashboard}/dashboard/transactions")
    await payments_are_empty(page)
    await page.goto(f"{new_gateway.dashboard}/dashboard/webhooks")
    await webhooks_are_empty(page)
    await page.goto(f"{new_gateway.dashboard}/dashboard")
    await expect_figures(page, "0", "₹0.00", "0%")

    await new_gateway.pay(123_456_789)
    await new_gateway.pay(vpa="failure@upi", until="failed")
    await new_gateway.pay(100)
    await expect_figures(page, "3", "₹12,34,568.89", "67%")
    await expect(page.get_by_role("img", name="UPI: 2 succeeded, 1 failed")).to_be_visible()

    # Other currencies are added up by themselves.
    await new_gateway.pay(1_250, currency="JPY")
    await new_gateway.pay(12_345, currency="KWD")
    await page.reload()
    stats = page.get_by_test_id("stats-container")
    await expect(stats).to_contain_text("¥1,250")
    await expect(stats).to_contain_text("KWD 12.345")
    await expect(page.get_by_test_id("total-amount")).to_have_text("₹12,34,568.89")
