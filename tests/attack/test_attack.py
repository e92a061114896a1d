"""A short run of each attack with the same requests every time; see ``make attack``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from .corpus import attack, corpus
from .flood import CUSTOMER_PERIOD_S, callback, flood, long_text, sign_in
from .schema import fuzz
from .site import Site, serve

SEED = 1
REQUESTS = 300
# Beside all combinations of wrong values of each operation. `make attack` has more.
EXAMPLES_PER_OPERATION = 2


@pytest_asyncio.fixture
async def site(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    logs = tmp_path / "logs"
    logs.mkdir()
    async with serve(database_url, redis_url, tmp_path, logs) as running:
        yield running


# Half a minute's work, ten times as long where others work too.
@pytest.mark.timeout(900)
async def test_every_response_to_random_requests_is_documented(site: Site, tmp_path: Path):
    """No 5xx, and nothing undocumented."""
    fuzzed = await fuzz(site.client, tmp_path, examples=EXAMPLES_PER_OPERATION)

    assert fuzzed.code == 0, fuzzed.output[-6000:]
    assert re.search(r"Selected: (\d+)/\d+\s+Tested: \1\n", fuzzed.output), fuzzed.output[-6000:]


@pytest.mark.timeout(300)
async def test_every_hostile_request_is_refused_in_time_and_none_is_a_server_error(site: Site):
    answers = await attack(site.port, corpus(SEED, REQUESTS))

    assert answers.wrong == []
    assert answers.requests == REQUESTS
    assert site.server_errors() == []


def test_the_same_seed_makes_the_same_requests():
    assert list(corpus(7, 2_000)) == list(corpus(7, 2_000))
    assert list(corpus(7, 100)) != list(corpus(8, 100))


def test_requests_of_a_flood_differ():
    for make in (sign_in, callback, long_text):
        assert len({make(number) for number in range(50)}) == 50


async def test_a_customer_pays_during_every_flood(site: Site):
    flooded = await flood(site, "all", seconds=2)

    assert flooded.failures == []
    assert len(flooded.waits_ms) == pytest.approx(2 / CUSTOMER_PERIOD_S, abs=1)
    assert flooded.answers.total() > 0
    assert site.server_errors() == []
