"""Real servers for every test: one pair a session, a database a test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from paygate.adapters.embedded import start_servers

from .harness.apps import TestApp, running_app
from .harness.databases import Databases, migrated_template
from .harness.fakes import Fakes
from .harness.folders import open_folder
from .harness.tools import use as use_tools

use_tools()

TESTS = Path(__file__).parent


def pytest_xdist_auto_num_workers() -> int:
    """Processes of ``-n auto``: most tests wait, for a page or another process."""
    return 2 * (os.cpu_count() or 1)


# Folders whose files take minutes. Begun last, one of them would keep everybody waiting.
LONG_FIRST = ("e2e", "crash", "conformance", "testing", "dashboard", "scenarios", "cli", "examples")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""

    def rank(item: pytest.Item) -> int:
        folder = next((name for name in LONG_FIRST if TESTS / name in item.path.parents), None)
        return len(LONG_FIRST) if folder is None else LONG_FIRST.index(folder)

    items.sort(key=rank)


@pytest.fixture(scope="session")
def server_urls() -> Iterator[tuple[str, str]]:
    """PostgreSQL and Valkey: named by the environment, or started from wheels."""
    database = os.environ.get("PAYGATE_TEST_DATABASE_URL", "")
    redis = os.environ.get("PAYGATE_TEST_REDIS_URL", "")
    if database and redis:
        yield database, redis
        return
    with open_folder() as home, start_servers(home, durable=False) as servers:
        yield database or servers.urls.database_url, redis or servers.urls.redis_url


@pytest.fixture
def server_home() -> Iterator[Path]:
    """A folder for servers of a test's own."""
    with open_folder() as home:
        yield home


@pytest.fixture(scope="session")
def redis_url(server_urls: tuple[str, str]) -> str:
    return server_urls[1]


@pytest.fixture(scope="session")
def databases(server_urls: tuple[str, str]) -> Databases:
    return migrated_template(server_urls[0])


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    url = await databases.clone()
    yield url
    await databases.drop(url)


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


@pytest.fixture
async def app(database_url: str, tmp_path: Path, fakes: Fakes) -> AsyncIterator[TestApp]:
    """An app with scripted plugins and nobody working yet."""
    async with running_app(database_url, tmp_path, plugins=fakes.found()) as running:
        yield running
