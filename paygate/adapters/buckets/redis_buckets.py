"""Token buckets in Redis, which all processes of a gateway share."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from itertools import chain

from redis.exceptions import RedisError

from ...core.limits import BUCKETS_PAUSE_S
from ...core.senders.rate_limits import Spent
from ..redis_connections import open_redis

log = logging.getLogger(__name__)

UNAVAILABLE = (RedisError, OSError, TimeoutError)

# A script is executed alone, so no other process sees a bucket between its reading and its
# writing. Redis has one clock for all processes. A full bucket is not stored: it expires.
SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local levels = {}
for number, key in ipairs(KEYS) do
  local quota, rate, tokens, is_exact = unpack(ARGV, number * 4 - 3, number * 4)
  quota, rate, tokens = tonumber(quota), tonumber(rate), tonumber(tokens)
  local stored = redis.call('HMGET', key, 'level', 'at')
  local level, at = tonumber(stored[1] or quota), tonumber(stored[2] or now)
  level = math.min(quota, level + math.max(0, now - at) * rate)
  local left = level - tokens
  if is_exact ~= '1' then
    level = math.max(left, -quota)
  elseif left >= 0 then
    level = left
  end
  redis.call('HSET', key, 'level', string.format('%.6f', level), 'at', string.format('%.6f', now))
  redis.call('PEXPIRE', key, math.ceil((quota - level) / rate * 1000) + 1000)
  levels[number] = string.format('%.6f', left)
end
return levels
"""


class RedisBuckets:
    """Implements ``SharedBuckets``.

    Args:
        url: URL of a Redis or Valkey.
        gateway: Part of the names of the buckets.
    """

    def __init__(self, url: str, *, gateway: str) -> None:
        self._redis = open_redis(url, socket_timeout=2, socket_connect_timeout=2)
        self._script = self._redis.register_script(SCRIPT)
        self._prefix = f"paygate-{gateway}-rate"
        self._paused_until_s = 0.0
        self._running: set[asyncio.Task[Sequence[float] | None]] = set()

    async def take(self, spent: Sequence[Spent], *, timeout_s: float) -> Sequence[float] | None:
        if time.monotonic() < self._paused_until_s:
            return None
        # Not cancelled: a connection that is slow to open serves the later requests.
        task = asyncio.create_task(self._take(spent))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait([task], timeout=timeout_s)
        if task.done():
            return task.result()
        self._pause(f"no response within {timeout_s} s")
        return None

    async def _take(self, spent: Sequence[Spent]) -> Sequence[float] | None:
        keys = [f"{self._prefix}:{each.wanted.limit.name}:{each.wanted.owner}" for each in spent]
        args = chain.from_iterable(map(_arguments, spent))
        try:
            levels = await self._script(keys, list(args))
        except UNAVAILABLE as error:
            self._pause(str(error))
            return None
        return [float(level) for level in levels]

    def _pause(self, reason: str) -> None:
        now = time.monotonic()
        if now >= self._paused_until_s:
            log.warning(
                "rate limits: Redis is unavailable or slow, each process counts alone: %s", reason
            )
        self._paused_until_s = now + BUCKETS_PAUSE_S

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._redis.aclose()


def _arguments(spent: Spent) -> tuple[float, float, int, int]:
    limit = spent.wanted.limit
    return limit.quota, limit.rate, spent.tokens, int(limit.is_exact)
