"""What processes that stay do first: wait for their servers, and say what they talk to."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

from ..adapters.notifier.saq_jobs import SaqNotifier
from ..adapters.postgres.database import is_pooler
from ..adapters.postgres.database_url import parse_database_url
from ..adapters.postgres.errors import is_starting
from ..bootstrap import App
from ..core.errors import OperatorError
from ..logs import logger
from ..settings import Settings

LOOK_EVERY_S = 0.5


async def wait_for_servers(settings: Settings) -> None:
    """Return once PostgreSQL and Redis answer; both may be starting at the same time as we.

    Raises:
        OperatorError: PostgreSQL does not answer in time, or refuses us.
    """
    deadline_s = time.monotonic() + settings.start_timeout_s
    await _wait_for_database(settings, deadline_s)
    if settings.redis_url and not settings.redis_optional:
        await _wait_for_redis(settings, deadline_s)


async def _wait_for_database(settings: Settings, deadline_s: float) -> None:
    url, said = parse_database_url(settings.database_url), False
    while True:
        try:
            await is_pooler(url)
        except OperatorError as error:
            if not is_starting(error.__cause__) or time.monotonic() >= deadline_s:
                raise
            if not said:
                _say("waiting for PostgreSQL", settings, reason=error.problem)
            said = True
            await asyncio.sleep(LOOK_EVERY_S)
        else:
            return


async def _wait_for_redis(settings: Settings, deadline_s: float) -> None:
    notifier, said = SaqNotifier(settings.redis_url), False
    try:
        # Opening the app says that it is not there.
        while not await notifier.is_connected() and time.monotonic() < deadline_s:
            if not said:
                _say("waiting for Redis", settings, reason="it does not answer")
            said = True
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        await notifier.close()


def _say(what: str, settings: Settings, *, reason: str) -> None:
    logger("paygate").warning(what, reason=reason, seconds_at_most=settings.start_timeout_s)


async def say_connected(app: App) -> None:
    """Log which servers the process is connected to."""
    version = await app.storage.executor.fetchval("SHOW server_version")
    logger("paygate").info(
        "connected to PostgreSQL", version=version, at=_place(app.settings.database_url)
    )
    if not app.settings.redis_url:
        logger("paygate").info("Redis is not used: due work is found once a second")
    elif app.deps.notifier.refusal is None and await app.deps.notifier.is_connected():
        logger("paygate").info("connected to Redis", at=_place(app.settings.redis_url))


def _place(url: str) -> str:
    """The address without the password and the parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
