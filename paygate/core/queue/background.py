"""Work that a process repeats for as long as it lives."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from ..errors import InfrastructureError, OperatorError

log = logging.getLogger(__name__)
LOG_AGAIN_AFTER_S = 30.0


async def repeat(step: Callable[[], Awaitable[object]], *, every_s: float, what: str) -> None:
    """Run a step again and again, until cancelled. What it raises is logged and ends nothing.

    Args:
        step: What to do each time.
        every_s: Seconds between the end of one and the start of the next.
        what: What the step does, for the log.
    """
    said, said_at_s = "", float("-inf")
    while True:
        try:
            await step()
        except (InfrastructureError, OperatorError) as error:
            now = time.monotonic()
            # A database that is away is away for every step; one line tells it.
            if str(error) != said or now - said_at_s >= LOG_AGAIN_AFTER_S:
                said, said_at_s = str(error), now
                log.warning("cannot %s: %s", what, error)
        except Exception:
            # The outermost net of a background task: the process relies on it, so it may
            # not end, and what went wrong once may be right the next time.
            log.exception("cannot %s", what)
        await asyncio.sleep(every_s)
