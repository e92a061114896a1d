"""Workers, queues and stuck work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from paygate import Unknown
from tests.harness.databases import Databases

from .extended import Extended, open_extended
from .gateway import Gateway
from .test_accessibility import OF_WIDTHS, described, drawn, in_both_themes, violations

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stuck(databases: Databases, tmp_path: Path) -> AsyncIterator[Extended]:
    """Provide a payment with an unknown outcome; no worker runs."""
    database_url = await databases.clone()
    async with open_extended(database_url, tmp_path) as running:
        running.fakes.processor.authorizations = [Unknown("the line broke")]
        running.fakes.processor.queries = [Unknown("the line broke")] * 20
        await running.app.paid()
        async with running.app.working():
            await running.app.until_value("needs_review", "SELECT state FROM operations")
        running.fakes.processor.queries = []
        yield running
    await databases.drop(database_url)


async def test_every_queue_and_every_process_is_listed(page: Page, gateway: Gateway):
    await page.goto(f"{gateway.dashboard}/dashboard/workers")

    await expect(page.get_by_test_id("queue-row")).to_have_count(3)
    await expect(page.get_by_test_id("worker-row").first).to_contain_text("running")
    await expect(page.get_by_test_id("stuck-row")).to_have_count(0)


async def test_stuck_work_is_released_after_a_confirmation(stuck: Extended, page: Page):
    await page.goto(f"{stuck.dashboard}/dashboard/workers")
    row = page.get_by_test_id("stuck-row")
    await expect(row).to_contain_text("dead-letter")
    await expect(row).to_contain_text("the line broke")
    await row.get_by_role("button", name="Release").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("The operation is not repeated")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(row).to_have_count(1)
    await row.get_by_role("button", name="Release").click()
    stuck.fakes.processor.calls.clear()
    await dialog.get_by_test_id("confirm-button").click()
    await expect(row).to_have_count(0)

    async with stuck.app.working():
        await stuck.app.until_value("success", "SELECT status FROM payments")
    assert {call[0] for call in stuck.fakes.processor.calls} == {"query"}


async def test_a_read_only_role_sees_why_release_is_disabled(stuck: Extended, page: Page):
    member = {"email": "reader@example.com", "role": "read_only"}
    password = (await stuck.app.call("POST", "/team", json=member)).json["password"]
    await page.goto(f"{stuck.dashboard}/login")
    await page.get_by_test_id("email-input").fill(member["email"])
    await page.get_by_test_id("password-input").fill(password)
    await page.get_by_test_id("login-button").click()
    await expect(page.get_by_test_id("dashboard")).to_be_visible()
    await page.goto(f"{stuck.dashboard}/dashboard/workers")
    release = page.get_by_role("button", name="Release")
    # It can be reached and says why; pressing it does nothing.
    await release.focus()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(release).to_have_attribute(
        "title", "This needs the role support; yours is read_only"
    )


async def test_stuck_work_is_accessible(stuck: Extended, page: Page):
    await page.goto(f"{stuck.dashboard}/dashboard/workers")
    await expect(page.get_by_test_id("stuck-row")).to_have_count(1)
    assert described(await in_both_themes(page)) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
    await page.set_viewport_size({"width": 375, "height": 800})
    await drawn(page)

    assert described(await violations(page, *OF_WIDTHS)) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 375
