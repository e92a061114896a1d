"""Background tasks that a process repeats until it ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from ..errors import InfrastructureError, OperatorError

log = logging.getLogger(__name__)
LOG_AGAIN_AFTER_S = 30.0


async def repeat(step: Callable[[], Awaitable[object]], *, every_s: float, what: str) -> None:
    """Run a step again and again, until cancelled. Errors are logged and do not end it.

    Args:
        step: The step.
        every_s: Seconds between the end of a step and the start of the next.
        what: What the step does, for the log.
    """
    logged, logged_at_s = "", float("-inf")
    while True:
        try:
            await step()
        except (InfrastructureError, OperatorError) as error:
            now = time.monotonic()
            # An unavailable database fails every step; one line is enough.
            if str(error) != logged or now - logged_at_s >= LOG_AGAIN_AFTER_S:
                logged, logged_at_s = str(error), now
                log.warning("cannot %s: %s", what, error)
        except Exception:
            # A background task must not end, because the process relies on it; the next step may
            # succeed.
            log.exception("cannot %s", what)
        await asyncio.sleep(every_s)
