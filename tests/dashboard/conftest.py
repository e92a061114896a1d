"""One gateway for all of these tests; a window for each file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    expect,
)

from tests.harness.databases import Databases
from tests.harness.patience import PATIENCE_MS

from .gateway import Gateway, Receiver, open_gateway, open_receiver


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
async def receiver(gateway: Gateway) -> AsyncIterator[Receiver]:
    """Provide the merchant's server, known to the gateway while the test runs."""
    async with open_receiver() as running:
        await gateway.send_webhooks_to(running.url)
        yield running
        await gateway.send_webhooks_to(None)


async def new_window(browser: Browser) -> Page:
    """Return a page in a context of its own."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    return await context.new_page()


async def reset(page: Page) -> None:
    """Leave the page as a new one is: what a test set, stored and opened is gone."""
    await page.unroute_all(behavior="ignoreErrors")
    for opened in page.context.pages:
        if opened is not page:
            await opened.close()
    if page.url.startswith("http"):
        # Another page of the site: on this one, requests in progress may still store something.
        await page.route("**/empty", lambda route: route.fulfill(body=""))
        await page.goto(urljoin(page.url, "/empty"))
        await page.evaluate("localStorage.clear(); sessionStorage.clear()")
        await page.unroute("**/empty")
    await page.context.clear_cookies()
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.emulate_media(color_scheme="light")
    await page.mouse.move(0, 0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def window(browser: Browser) -> AsyncIterator[Page]:
    """Provide the window of a test module; each test finds it empty and signed out.

    The browser keeps the compiled scripts of a window, so a page opens in half the time.
    """
    opened = await new_window(browser)
    yield opened
    await opened.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def rough_page(window: Page) -> AsyncIterator[Page]:
    """Provide a window in which requests may fail, but no script may."""
    broken: list[str] = []

    def note(error: Error) -> None:
        broken.append(str(error))

    window.on("pageerror", note)
    yield window
    await reset(window)
    window.remove_listener("pageerror", note)
    assert broken == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(rough_page: Page) -> AsyncIterator[Page]:
    """Provide a window in which nothing may fail or be refused by a policy."""
    complaints: list[str] = []

    def note(line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"}:
            complaints.append(line.text)

    rough_page.on("console", note)
    yield rough_page
    rough_page.remove_listener("console", note)
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def timed_page(browser: Browser) -> AsyncIterator[Page]:
    """Provide a window whose timers a test controls; requests may fail, but no script may."""
    opened = await new_window(browser)
    await opened.clock.install()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    await opened.context.close()
    assert broken == []


@pytest_asyncio.fixture(loop_scope="session")
async def dashboard(page: Page, gateway: Gateway) -> Page:
    """Provide the overview of a signed-in user. A test gateway needs no login form."""
    await page.goto(f"{gateway.dashboard}/dashboard")
    await expect(page.get_by_test_id("dashboard")).to_be_visible()
    return page
