"""Items that need attention: shown on the overview, and resolved by operators only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from paygate import Unknown
from tests.harness.databases import Databases

from .extended import Extended, open_extended

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONFLICT = """
INSERT INTO answer_conflicts (at, processor, payment_id, operation_id, reason)
SELECT now(), processor, payment_id, id, 'the charge is succeeded, but now it failed'
FROM operations
"""


@pytest_asyncio.fixture(loop_scope="session")
async def reviewed(databases: Databases, tmp_path: Path) -> AsyncIterator[Extended]:
    """Provide a payment that a person has to settle, and a conflict about it."""
    database_url = await databases.clone()
    async with open_extended(database_url, tmp_path) as running:
        running.fakes.processor.authorizations = [Unknown("the line broke")]
        running.fakes.processor.queries = [Unknown("the line broke")] * 20
        await running.app.paid()
        async with running.app.working():
            await running.app.until_value("needs_review", "SELECT state FROM operations")
        await running.app.rows(CONFLICT)
        yield running
    await databases.drop(database_url)


async def test_open_items_are_reached_from_the_overview_and_resolved_with_a_note(
    reviewed: Extended, page: Page
):
    await page.goto(f"{reviewed.dashboard}/dashboard")
    items = page.get_by_test_id("open-items")
    await expect(items).to_contain_text("1 item to check")
    await items.get_by_role("link", name="Open the list").click()
    row = page.get_by_test_id("attention-row")
    await expect(row).to_contain_text("the charge is succeeded, but now it failed")
    await row.get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("What you found and did").fill("The bank confirmed the charge")
    await dialog.get_by_role("button", name="Resolve").click()
    await expect(page.get_by_text("Nothing needs attention")).to_be_visible()
    await page.get_by_role("button", name="Resolved", exact=True).click()

    await expect(row).to_contain_text("The bank confirmed the charge")
    await page.goto(f"{reviewed.dashboard}/dashboard")
    await expect(page.get_by_test_id("dashboard")).to_be_visible()
    await expect(items).to_have_count(0)


async def test_a_review_is_settled_by_operators_only(reviewed: Extended, page: Page):
    payment_id = await reviewed.app.value("SELECT id FROM payments")
    place = f"{reviewed.dashboard}/dashboard/transactions/{payment_id}"
    await page.goto(place)
    settle = page.get_by_test_id("review").get_by_role("button", name="Resolve")
    await expect(settle).to_be_visible()
    await expect(settle).not_to_have_attribute("aria-disabled", "true")
    await reviewed.app.rows("UPDATE users SET is_operator = false")
    await page.goto(place)

    await expect(settle).to_have_attribute("aria-disabled", "true")
    await expect(settle).to_have_attribute("title", "This requires an operator of the gateway")
