"""Health of processors, for routers: read every few seconds by each process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from ..errors import InfrastructureError
from ..figures import CallFigures, FigureRepository, ShownBreaker, worst_breakers
from ..limits import ROUTER_HEALTH_OVER, ROUTER_HEALTH_READ_EVERY, WORKER_DEAD_AFTER
from ..plugin_api.routing import Health

log = logging.getLogger(__name__)


class ProcessorHealth:
    """The health of all processors, as this process has read it last.

    Args:
        now_s: The monotonic clock.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._read_at_s: float | None = None
        self._known: Mapping[str, Health] = {}

    async def read(self, figures: FigureRepository, *, now: datetime) -> Mapping[str, Health]:
        """Return the health of the processors that were called or that do not respond.

        The first caller after ``ROUTER_HEALTH_READ_EVERY`` reads it again. Others get what is
        known meanwhile, and all do while the database does not respond.

        Args:
            figures: Where it is stored.
            now: The app's time.
        """
        now_s, every_s = self._now_s(), ROUTER_HEALTH_READ_EVERY.total_seconds()
        if self._read_at_s is None or now_s - self._read_at_s >= every_s:
            self._read_at_s = now_s
            try:
                self._known = await _read(figures, now)
            except InfrastructureError as error:
                log.warning("the health of processors cannot be read: %s", error)
        return self._known


async def _read(figures: FigureRepository, now: datetime) -> Mapping[str, Health]:
    calls = {each.processor: each for each in await figures.calls(since=now - ROUTER_HEALTH_OVER)}
    breakers = worst_breakers(await figures.workers(dead_after=WORKER_DEAD_AFTER))
    return {each: _health(calls.get(each), breakers.get(each)) for each in {*calls, *breakers}}


def _health(calls: CallFigures | None, breaker: ShownBreaker | None) -> Health:
    state = "closed" if breaker is None else breaker.state
    if calls is None:
        return Health(state)
    failed = calls.unknown + calls.errors
    return Health(state, calls.calls, failed, calls.p50_ms, calls.p95_ms)
