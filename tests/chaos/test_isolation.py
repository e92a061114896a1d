"""Receivers, host names and a processor that hang do not delay the others: a short run.

What hangs would take all slots of the worker for ten seconds; the others need half of one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.isolation import Plan, run

PLAN = Plan(
    seconds=1.0,
    timeout_ms=10_000,
    processor_s=10.0,
    hanging_payments=50,
    operations=40,
    deliveries=64,
    arrived_max_s=5.0,
    settled_max_s=5.0,
)


@pytest.mark.parametrize("scene", ["hang_8_of_10", "dead_names_10", "processor_hangs"])
async def test_hanging_systems_do_not_delay_others(scene: str, database_url: str, tmp_path: Path):
    result = await run(scene, database_url, tmp_path, PLAN)

    assert result["ok"], result
