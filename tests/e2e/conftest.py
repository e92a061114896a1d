"""One gateway and one shop for all of these tests; a fresh window for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.harness.databases import Databases
from tests.harness.patience import PATIENCE_MS

from .checkout import DESKTOP, SIZES, Checkout
from .gateway import Gateway, GatewayWith, running_gateway
from .shop import Shop, open_shop

# Pages ask every one or two seconds what has become of a payment. Here they ask ten times as
# often: what they do with the answer is what these tests are about.
ASK_OFTEN = """(() => {
    const wait = window.setTimeout.bind(window);
    window.setTimeout = (then, ms, ...more) =>
        wait(then, ms >= 500 && ms <= 4000 ? ms / 10 : ms, ...more);
})()"""


# What lies behind the modal is blurred. Without a graphics card that is a third of the work of
# a test, and no test looks at it.
NO_BLUR = """(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(".modal-overlay { backdrop-filter: none !important }");
    document.adoptedStyleSheets.push(sheet);
})()"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway(
    databases: Databases, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    database_url = await databases.clone()
    home: Path = tmp_path_factory.mktemp("gateway")
    async with running_gateway(database_url, redis_url, home) as running:
        yield running
    await databases.drop(database_url)


@pytest.fixture
def gateway_with(databases: Databases, redis_url: str, tmp_path: Path) -> GatewayWith:
    """Provide a gateway of a test's own, with other settings."""

    @asynccontextmanager
    async def running(**settings: str) -> AsyncIterator[Gateway]:
        database_url = await databases.clone()
        async with running_gateway(database_url, redis_url, tmp_path, **settings) as own:
            yield own
        await databases.drop(database_url)

    return running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def patient(
    databases: Databases, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """Provide a gateway that waits for its payers, and whose time tests move."""
    database_url = await databases.clone()
    home = tmp_path_factory.mktemp("patient")
    async with running_gateway(database_url, redis_url, home, TEST_MODE="false") as running:
        yield running
    await databases.drop(database_url)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def its_shop(patient: Gateway) -> AsyncIterator[Shop]:
    async with open_shop(patient.base, patient.checkout_base) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(gateway: Gateway) -> AsyncIterator[Shop]:
    async with open_shop(gateway.base, gateway.checkout_base) as running:
        yield running


@pytest.fixture
def size(request: pytest.FixtureRequest) -> str:
    """Provide a name of ``SIZES``; a test marked ``at_both_sizes`` runs at each."""
    return str(getattr(request, "param", DESKTOP))


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, size: str) -> AsyncIterator[BrowserContext]:
    width, height = SIZES[size]
    is_phone = size != DESKTOP
    opened = await browser.new_context(
        locale="en-IN",
        viewport={"width": width, "height": height},
        has_touch=is_phone,
        is_mobile=is_phone,
        reduced_motion="reduce",
    )
    opened.set_default_timeout(PATIENCE_MS)
    await opened.add_init_script(ASK_OFTEN)
    await opened.add_init_script(NO_BLUR)
    yield opened
    await opened.close()


@pytest.fixture
def checkout(page: Page) -> Checkout:
    return Checkout(page)


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """Provide a window in which no script may fail and nothing may be refused by a policy."""
    opened = await context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda line: problems.append(line.text) if "Policy" in line.text else None)
    yield opened
    assert problems == []
