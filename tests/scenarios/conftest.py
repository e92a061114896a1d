"""An app for tests of scenarios."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.harness.databases import Databases
from tests.harness.playing import PlayedApp, stage_app
from tests.harness.shared import Shared, shared_by_tests


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_stage(
    databases: Databases, new_home: Callable[[], Path]
) -> AsyncIterator[Shared[PlayedApp]]:
    async with shared_by_tests(databases, new_home, stage_app) as shared:
        yield shared


@pytest.fixture
async def stage(shared_stage: Shared[PlayedApp]) -> AsyncIterator[PlayedApp]:
    """Provide a clean app, and a worker."""
    async with shared_stage.lent() as app, app.played():
        yield app
