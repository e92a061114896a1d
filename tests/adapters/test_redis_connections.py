"""A connection to Redis that is closed while a command is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from redis.exceptions import ConnectionError as RedisConnectionError

from paygate.adapters.redis_connections import open_redis

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_it_is_reported_as_a_broken_connection(run: Run, redis_url: str):
    async def write_after_a_reset() -> None:
        redis = open_redis(redis_url, socket_timeout=2)
        try:
            connection: Any = await redis.connection_pool.get_connection()
            # What a reset does. redis-py has checked the connection already.
            connection._writer.transport.abort()
            await asyncio.sleep(0)
            with pytest.raises(RedisConnectionError):
                await connection.send_command("PING")
            await redis.connection_pool.release(connection)
            assert await redis.ping()
        finally:
            await redis.aclose()

    run(write_after_a_reset())
