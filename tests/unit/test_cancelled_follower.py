"""A stream whose client disconnects is closed, even at the time of an event."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from paygate.core.webhooks.stream import Follower


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancellation_at_the_time_of_an_event_is_not_lost(turns: int):
    follower = Follower(uuid4(), position=0)
    taking = asyncio.create_task(follower.read(within_s=60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    follower.end()
    for _ in range(turns):
        await asyncio.sleep(0)
    was_running = taking.cancel()
    await asyncio.wait({taking})
    follower.leave()

    assert taking.cancelled() is was_running
