"""Payment links, made and cancelled by a merchant who writes no code."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_merchant_creates_a_link_and_cancels_it(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/dashboard/payment-links")
    await page.get_by_role("button", name="Create link").click()
    form = page.get_by_test_id("link-form")
    await form.get_by_label("Amount").fill("499.50")
    await form.get_by_label("Description").fill("Two cups of tea")
    await form.get_by_label("Expires").fill("2090-01-31T18:00")
    await form.get_by_role("button", name="Create link").click()
    address = page.get_by_test_id("link-address").locator(".credential__value")
    await expect(address).to_contain_text("/checkout?order_id=order_")
    shown = await address.inner_text()
    await page.get_by_role("button", name="Done").click()

    [link] = (await gateway.call("GET", "/payment-links?limit=1"))["data"]
    assert (link["url"], link["amount"]) == (shown, 49_950)
    assert link["expires_at"].startswith("2090-01-31")
    row = page.locator(f"[data-link-id={link['id']}]")
    await expect(row).to_contain_text("Two cups of tea")
    await expect(row).to_contain_text("created")
    await row.get_by_role("button", name="Cancel").click()
    await page.get_by_test_id("confirm-button").click()

    await expect(row).to_contain_text("cancelled")
    assert (await gateway.call("GET", f"/payment-links/{link['id']}"))["status"] == "cancelled"


async def test_a_wrong_field_of_a_link_is_shown_beside_it(rough_page: Page, gateway: Gateway):
    await rough_page.goto(f"{gateway.dashboard}/dashboard/payment-links")
    await rough_page.get_by_role("button", name="Create link").click()
    form = rough_page.get_by_test_id("link-form")
    await form.get_by_label("Amount").fill("4.999")
    await expect(form.get_by_text("Not a valid amount in INR")).to_be_visible()
    await form.get_by_label("Amount").fill("499")
    await form.get_by_label("Expires").fill("2020-01-31T18:00")
    await form.get_by_role("button", name="Create link").click()

    await expect(form.get_by_text("expires_at must be in the future")).to_be_visible()


async def test_links_are_filtered_by_status(page: Page, gateway: Gateway):
    made = [await gateway.call("POST", "/payment-links", {"amount": 50_000}) for _ in range(2)]
    await gateway.call("POST", f"/payment-links/{made[0]['id']}/cancel")
    await page.goto(f"{gateway.dashboard}/dashboard/payment-links?status=cancelled")

    await expect(page.locator(f"[data-link-id={made[0]['id']}]")).to_be_visible()
    await expect(page.locator(f"[data-link-id={made[1]['id']}]")).to_have_count(0)
