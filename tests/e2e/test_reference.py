"""The API reference in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .gateway import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_reference_shows_the_operations_without_foreign_requests(
    page: Page, gateway: Gateway
) -> None:
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda entry: problems.append(entry.text) if entry.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))

    await page.goto(f"{gateway.base}/docs/api")
    await expect(page.get_by_role("heading", name="Create a payment").first).to_be_attached()
    await page.get_by_role("menuitem", name="Payments", exact=True).click()
    await expect(page.get_by_text("/api/v1/payments/{payment_id}/capture").first).to_be_visible()

    own = [url for url in asked if url.startswith((gateway.base, "blob:", "data:"))]
    assert asked == own
    assert problems == []
