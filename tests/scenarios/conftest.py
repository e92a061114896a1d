"""A stage for stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.playing import PlayedApp, played_app


@pytest.fixture
async def stage(database_url: str, tmp_path: Path) -> AsyncIterator[PlayedApp]:
    async with played_app(database_url, tmp_path) as app:
        yield app
