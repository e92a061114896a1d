"""Receivers, host names and a processor that hang do not delay the others: a short run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.isolation import QUICK, run

PLAN = replace(
    QUICK, seconds=1.2, timeout_ms=800, processor_s=1.5, operations=40, hanging_payments=50
)


@pytest.mark.parametrize("scene", ["hang_60_of_65", "dead_names_10", "processor_hangs"])
async def test_hanging_systems_do_not_delay_others(scene: str, database_url: str, tmp_path: Path):
    result = await run(scene, database_url, tmp_path, PLAN)

    assert result["ok"], result
