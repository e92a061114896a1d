"""Resources of plugins are closed with the app."""

from __future__ import annotations

from pathlib import Path

from tests.harness.apps import running_app
from tests.harness.fakes import Fakes


async def test_a_sink_is_closed_with_the_app(database_url: str, tmp_path: Path):
    fakes, closed = Fakes(), []

    async def close() -> None:
        closed.append(True)

    fakes.sink.close = close
    async with running_app(database_url, tmp_path, plugins=fakes.found()):
        assert closed == []

    assert closed == [True]
