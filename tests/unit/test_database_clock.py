"""The clock of an app follows the clock of its database, and not the one of its machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from paygate.adapters.clock.database import DatabaseClock

from .samples import NOW

HOUR = timedelta(hours=1)
# The test takes less, on any machine.
BETWEEN = timedelta(seconds=30)


@dataclass
class Database:
    """A database's clock, wrong or right."""

    at: datetime = NOW

    async def read(self) -> datetime:
        return self.at


async def test_the_time_is_the_databases_time():
    database = Database()
    clock = DatabaseClock(database.read)
    for shift in (timedelta(0), HOUR, -HOUR):
        database.at = NOW + shift
        await clock.sync()

        assert timedelta(0) <= clock.now() - database.at < BETWEEN


async def test_the_time_passes_between_two_readings():
    clock = DatabaseClock(Database().read)
    await clock.sync()

    first, second = clock.now(), clock.now()

    assert NOW < first < second


async def test_a_reading_that_took_long_is_repeated():
    """On a busy machine the response may wait; half of that wait would be the clock's error."""
    waits_s = iter([0.2, 0.0])

    async def read() -> datetime:
        real = datetime.now(UTC)
        await asyncio.sleep(next(waits_s))
        return real

    clock = DatabaseClock(read)
    await clock.sync()

    assert abs(datetime.now(UTC) - clock.now()) < timedelta(seconds=0.05)
