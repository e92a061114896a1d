"""Connections to Redis that report a closed connection as what it is."""

from __future__ import annotations

from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    ConnectionPool,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.exceptions import ConnectionError as RedisConnectionError

Class = TypeVar("Class", bound=type[AbstractConnection])


def _reporting(base: Class) -> Class:
    """Return a connection class that raises ``ConnectionError`` if it was closed meanwhile.

    uvloop raises ``RuntimeError`` for a write to a connection that was reset. redis-py expects
    ``OSError``, so it would neither connect again nor raise an error of its own.
    """

    class Reporting(base):  # type: ignore[misc,valid-type]  # one of three classes
        async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            try:
                await super().send_packed_command(command, check_health)
            except RuntimeError as error:
                raise RedisConnectionError(str(error)) from error

    Reporting.__name__ = base.__name__
    return Reporting  # type: ignore[return-value]  # a subclass of it


CLASSES: dict[type[AbstractConnection], type[AbstractConnection]] = {
    each: _reporting(each) for each in (Connection, SSLConnection, UnixDomainSocketConnection)
}


def open_redis(url: str, **settings: Any) -> Redis:
    """Return a client; it connects when it is first used.

    Args:
        url: URL of a Redis or Valkey.
        settings: Of the connections; see ``redis.asyncio.Connection``.
    """
    pool = ConnectionPool.from_url(url, **settings)
    pool.connection_class = CLASSES[pool.connection_class]
    return Redis.from_pool(pool)
