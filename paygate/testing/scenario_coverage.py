"""Which scenarios a test met, and of which of them it asserted an ending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .core import AppCore

PAGE = 100


@dataclass(frozen=True, slots=True)
class ScenariosMet:
    """What one app of a test has seen.

    Args:
        known: The names of all scenarios of the installed plugins.
        met: Those that payments of the test played.
        asserted: Those of which the test asserted an ending, with ``until``, ``expect`` or
            ``advance_until``.
    """

    known: frozenset[str]
    met: frozenset[str]
    asserted: frozenset[str]


async def scenarios_met(app: AppCore) -> ScenariosMet:
    """Return what the payments of an app have played."""
    scenarios = {
        payment["id"]: payment["scenario"]
        for payment in await _payments(app)
        if payment["scenario"] is not None
    }
    known = frozenset(app.deps.registry.scenarios)
    return ScenariosMet(
        known,
        known & frozenset(scenarios.values()),
        known & {scenarios[id] for id in app.ended if id in scenarios},
    )


async def _payments(app: AppCore) -> list[Any]:
    found: list[Any] = []
    while True:
        page = await app.api.get(f"/payments?limit={PAGE}&offset={len(found)}")
        found += page["data"]
        if len(page["data"]) < PAGE:
            return found
