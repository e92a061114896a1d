"""Real servers for every test: one pair for all processes of a run, a database a test."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import settings

from paygate.adapters.embedded.throwaway import throwaway_servers

from .harness.apps import TestApp, running_app
from .harness.databases import Databases, open_databases
from .harness.fakes import Fakes
from .harness.folders import open_folder
from .harness.patience import PATIENCE_MS
from .harness.shared import Shared, shared_by_tests
from .harness.tools import launch
from .harness.tools import use as use_tools

if TYPE_CHECKING:
    from playwright.async_api import Browser

use_tools()

# How long an example takes is the machine's. An endless one ends with its test.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Next to nothing of what is imported and collected is garbage; see pytest_collection_finish.
gc.disable()

TESTS = Path(__file__).parent
# Also for processes in folders of their own: see tests/harness/processes.py.
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(TESTS.parent / ".hypothesis")


def pytest_xdist_auto_num_workers() -> int:
    """Processes of ``-n auto``: most tests wait, for a page or another process."""
    return 2 * (os.cpu_count() or 1)


# Folders whose files take minutes. Started last, one of them would delay the end.
LONG_FIRST = ("e2e", "crash", "conformance", "testing", "dashboard", "scenarios", "cli", "examples")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""

    ranks = {name: rank for rank, name in enumerate(LONG_FIRST)}

    def rank(item: pytest.Item) -> int:
        _, _, inside = item.nodeid.partition("tests/")
        return ranks.get(inside.partition("/")[0], len(ranks))

    items.sort(key=rank)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare the garbage collector what stays to the end: all that was imported so far."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def server_urls(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """PostgreSQL and Valkey: named by the environment, or started from wheels.

    The first process of a run starts them, and the last one to need them stops them. A test
    that stops, kills or reconfigures a server has one of its own.
    """
    database = os.environ.get("PAYGATE_TEST_DATABASE_URL", "")
    redis = os.environ.get("PAYGATE_TEST_REDIS_URL", "")
    if database and redis:
        yield database, redis
        return
    # pytest-xdist gives all its processes one id of the run.
    run = getattr(request.config, "workerinput", {}).get("testrunuid")
    with throwaway_servers(run, redis=True) as servers:
        yield database or servers.urls.database_url, redis or servers.urls.redis_url


@pytest.fixture
def server_home() -> Iterator[Path]:
    """Provide a folder for servers of a test's own."""
    with open_folder() as home:
        yield home


@pytest.fixture(scope="session")
def redis_url(server_urls: tuple[str, str]) -> str:
    return server_urls[1]


@pytest.fixture(scope="session")
def databases(server_urls: tuple[str, str]) -> Iterator[Databases]:
    with open_databases(server_urls[0]) as databases:
        yield databases


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Provide one Chromium for all tests with pages."""
    # Most processes of a run of some tests need no browser, and no time to import this.
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test-id")
        started = await launch(playwright)
        yield started
        await started.close()


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    url = await databases.clone()
    yield url
    await databases.drop(url)


@pytest.fixture(scope="module")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    return lambda: tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def shared_fakes() -> Fakes:
    return Fakes()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_scripted(
    databases: Databases, new_home: Callable[[], Path], shared_fakes: Fakes
) -> AsyncIterator[Shared[TestApp]]:
    def opening(url: str, home: Path) -> AbstractAsyncContextManager[TestApp]:
        return running_app(url, home, plugins=shared_fakes.found())

    async with shared_by_tests(databases, new_home, opening) as shared:
        yield shared


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_installed(
    databases: Databases, new_home: Callable[[], Path]
) -> AsyncIterator[Shared[TestApp]]:
    async with shared_by_tests(databases, new_home, running_app) as shared:
        yield shared


def _shares(request: pytest.FixtureRequest) -> bool:
    """Check whether a test may use an app that other tests have used."""
    names = set(request.fixturenames)
    return "app" in names and not names & {"database_url", "tmp_path"}


@pytest.fixture
def fakes(request: pytest.FixtureRequest) -> Fakes:
    if not _shares(request):
        return Fakes()
    fakes: Fakes = request.getfixturevalue("shared_fakes")
    fakes.forget()
    return fakes


@pytest.fixture
async def own_app(database_url: str, tmp_path: Path, fakes: Fakes) -> AsyncIterator[TestApp]:
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as running:
        yield running


@pytest.fixture
async def shared_app(shared_scripted: Shared[TestApp]) -> AsyncIterator[TestApp]:
    async with shared_scripted.lent() as running:
        yield running


@pytest.fixture
def app(request: pytest.FixtureRequest, fakes: Fakes) -> TestApp:
    """Provide an app with scripted plugins and without a running worker.

    A test that names its database or its folder as well, or brings plugins of its own, has
    one that nobody else had.
    """
    is_shared = _shares(request) and fakes is request.getfixturevalue("shared_fakes")
    return request.getfixturevalue("shared_app" if is_shared else "own_app")


@pytest.fixture
async def installed(shared_installed: Shared[TestApp]) -> AsyncIterator[TestApp]:
    """Provide an app with the plugins that come with paygate."""
    async with shared_installed.lent() as running:
        yield running
