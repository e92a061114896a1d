"""One gateway and one browser for all of these tests; a fresh window for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.harness.databases import Databases
from tests.harness.tools import launch

from .gateway import Gateway, Receiver, open_gateway, open_receiver

# A busy machine takes long, and patience costs nothing where it does not.
PATIENCE_MS = 60_000


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway(
    databases: Databases, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    database_url = await databases.clone()
    home: Path = tmp_path_factory.mktemp("dashboard")
    async with open_gateway(database_url, redis_url, home) as running:
        yield running
    await databases.drop(database_url)


@pytest_asyncio.fixture(loop_scope="session")
async def fresh_gateway(
    databases: Databases, redis_url: str, tmp_path: Path
) -> AsyncIterator[Gateway]:
    """One in which nothing has happened yet."""
    database_url = await databases.clone()
    async with open_gateway(database_url, redis_url, tmp_path) as running:
        yield running
    await databases.drop(database_url)


@pytest_asyncio.fixture(loop_scope="session")
async def receiver(gateway: Gateway) -> AsyncIterator[Receiver]:
    """The merchant's server, known to the gateway while the test runs."""
    async with open_receiver() as running:
        await gateway.send_webhooks_to(running.url)
        yield running
        await gateway.send_webhooks_to(None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test-id")
        started = await launch(playwright)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def rough_page(browser: Browser) -> AsyncIterator[Page]:
    """A window in which requests may fail, but no script may."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    opened = await context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    await context.close()
    assert broken == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(rough_page: Page) -> AsyncIterator[Page]:
    """A window whose console stays clean: nothing fails, nothing is refused by a policy."""
    complaints: list[str] = []
    rough_page.on(
        "console",
        lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None,
    )
    yield rough_page
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def dashboard(page: Page, gateway: Gateway) -> Page:
    """The overview, signed in."""
    await page.goto(f"{gateway.dashboard}/login")
    await page.get_by_test_id("email-input").fill("test@example.com")
    await page.get_by_test_id("password-input").fill("anything")
    await page.get_by_test_id("login-button").click()
    await page.wait_for_url("**/dashboard")
    return page
