"""The database fails under load: no answer is 500, no process ends, everything is settled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.outages import FAULTS, OwnPostgres, merchant_and_workers, own_postgres, suffer


@pytest.fixture
def postgres(server_home: Path) -> Iterator[OwnPostgres]:
    with own_postgres(server_home) as running:
        yield running


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_of_the_database_under_load_costs_only_time(
    name: str, postgres: OwnPostgres, redis_url: str, tmp_path: Path
):
    async with merchant_and_workers(postgres, redis_url, tmp_path) as (running, client):
        result = await suffer(
            FAULTS[name],
            postgres,
            running,
            client,
            programs=3,
            lasts_s=3.0,
            before=6,
            patience_s=60.0,
        )

    assert result.accepted >= 12
    assert set(result.answers) <= {201, 503}
    assert (result.without_retry_after, result.ended, result.unsettled) == (0, 0, 0)
