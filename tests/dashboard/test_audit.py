"""The audit log: filters, details and links to subjects."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway
from .test_accessibility import OF_WIDTHS, described, drawn, in_both_themes, violations

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def make_key(gateway: Gateway, label: str) -> str:
    return str((await gateway.call("POST", "/keys", {"label": label}))["id"])


async def test_an_audit_entry_names_the_actor_and_links_its_subject(page: Page, gateway: Gateway):
    payment = await gateway.pay()
    await page.goto(f"{gateway.dashboard}/dashboard/transactions/{payment['id']}")
    await page.get_by_test_id("refund-button").click()
    await page.get_by_test_id("refund-amount-input").fill("1.00")
    await page.get_by_role("dialog").get_by_role("button", name=re.compile("^Refund")).click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.goto(f"{gateway.dashboard}/dashboard/audit?action=refund.create")
    row = page.get_by_test_id("audit-row").first
    await expect(row).to_contain_text("test@example.com")
    unfold = row.get_by_role("button", name="Details of refund.create")
    await unfold.focus()
    await page.keyboard.press("Enter")
    await expect(unfold).to_have_attribute("aria-expanded", "true")
    folded_out = page.locator(".table__more")
    await expect(folded_out).to_contain_text("test@example.com, user")
    await folded_out.get_by_role("link").click()

    await expect(page.get_by_test_id("payment-status")).to_be_visible()


async def test_filters_by_action_actor_and_subject_are_stored_in_the_url(
    page: Page, gateway: Gateway
):
    key = await make_key(gateway, "for the audit")
    await gateway.call("DELETE", f"/keys/{key}")
    await page.goto(f"{gateway.dashboard}/dashboard/audit")
    await page.get_by_label("Subject", exact=True).fill(key)
    rows = page.get_by_test_id("audit-row")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Action", exact=True).fill("key.revoke")
    await expect(rows).to_have_count(1)
    assert f"subject={key}" in page.url
    await page.reload()
    await expect(rows).to_have_count(1)
    await page.get_by_label("Actor", exact=True).fill("nobody@example.com")
    await expect(page.get_by_text("No matching change")).to_be_visible()
    await page.get_by_role("button", name="Clear").click()
    await expect(rows.nth(1)).to_be_visible()

    # A value that is followed shows what else it is part of.
    await rows.get_by_role("link", name="key.revoke").first.click()
    await expect(page.get_by_label("Action", exact=True)).to_have_value("key.revoke")


async def test_older_entries_are_on_the_next_page(page: Page, gateway: Gateway):
    for number in range(21):
        await make_key(gateway, f"key {number}")
    await page.goto(f"{gateway.dashboard}/dashboard/audit?action=key.create")
    await expect(page.get_by_test_id("audit-row")).to_have_count(20)
    await page.get_by_role("button", name="Older").click()

    await expect(page.locator(".pager__where")).to_contain_text("21–")


async def test_an_opened_change_is_accessible(page: Page, gateway: Gateway):
    await make_key(gateway, "a label that is so long that it would make any table wide " + "x" * 20)
    await page.goto(f"{gateway.dashboard}/dashboard/audit?action=key.create")
    await page.get_by_role("button", name="Details of key.create").first.click()
    await expect(page.locator(".table__more")).to_contain_text("would make any table wide")
    assert described(await in_both_themes(page)) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
    await page.set_viewport_size({"width": 375, "height": 800})
    await drawn(page)

    assert described(await violations(page, *OF_WIDTHS)) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 375
