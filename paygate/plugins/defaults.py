"""The built-in retry policies and scenarios, as a plugin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from pydantic import BaseModel, Field, field_validator

from ..core.limits import RETRY_AFTER_MAX
from ..core.plugin_api.plugin import PluginContext
from ..core.plugin_api.retry_policy import PolicyTarget, RetryPolicy, Tries
from ..simulator.scenario import Scenario, built_in, read_file
from .hookspecs import hookimpl

PRODUCTION_S = (60.0, 300.0, 1800.0, 7200.0)
TEST_S = (5.0, 10.0, 15.0, 20.0)
"""Waits before attempts 2 to 5 of a delivery, each counted from the previous attempt."""

QUERY_S = (5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 21600.0, 86400.0)
OPERATION_S = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A fixed list of waits; after the last, give up.

    There is no jitter: these intervals are documented for merchants.
    """

    name: str
    applies_to: frozenset[PolicyTarget]
    waits: tuple[timedelta, ...]

    def next_delay(self, tries: Tries, *, now: datetime, rng: Random) -> timedelta | None:  # noqa: ARG002 - required by the Protocol, unused here
        if tries.count > len(self.waits):
            return None
        wait = self.waits[tries.count - 1]
        return _honour(tries.retry_after, wait)


def _honour(asked: timedelta | None, wait: timedelta) -> timedelta:
    """Return the wait that the receiver asked for, if it is later than planned but not too long."""
    if asked is None:
        return wait
    return min(max(asked, wait), 2 * wait, RETRY_AFTER_MAX)


class ScenariosConfig(BaseModel):
    """The settings of the scenarios."""

    file: Path | None = Field(
        default=None,
        description="a TOML file of scenarios beside the built-in ones",
        json_schema_extra={"env": "PAYGATE_SCENARIOS"},
    )


@hookimpl
def paygate_scenarios(context: PluginContext) -> Iterable[Scenario]:
    """Offer the built-in scenarios and those of the operator's file."""
    config = context.config(ScenariosConfig)
    return [*built_in(), *(read_file(config.file) if config.file else ())]


class DefaultsConfig(BaseModel):
    """The settings of the built-in policies."""

    intervals: tuple[float, ...] = Field(
        default=PRODUCTION_S, json_schema_extra={"env": "WEBHOOK_RETRY_INTERVALS_TEST"}
    )

    @field_validator("intervals", mode="before")
    @classmethod
    def _read(cls, given: object) -> object:
        """Accept ``true``, ``1``, or 4 seconds between attempts, optionally after a leading 0."""
        if not isinstance(given, str):
            return given
        text = given.strip().lower()
        if text in {"true", "yes", "on", "1"}:
            return TEST_S
        if text in {"false", "no", "off", "0", ""}:
            return PRODUCTION_S
        waits = [float(word) for word in given.split(",")]
        if len(waits) == 5 and waits[0] == 0:
            waits = waits[1:]
        if len(waits) != 4 or not all(0 <= wait <= 86_400 for wait in waits):
            raise ValueError("write true, or four waits in seconds such as 5,10,15,20")
        return tuple(waits)


@hookimpl
def paygate_retry_policies(context: PluginContext) -> Iterable[RetryPolicy]:
    """Offer the documented schedule for deliveries, and a schedule for processors."""
    config = context.config(DefaultsConfig)
    return [
        _schedule("deliveries", "delivery", config.intervals),
        _schedule("queries", "query", QUERY_S),
        _schedule("operations", "operation", OPERATION_S),
    ]


def _schedule(name: str, target: PolicyTarget, seconds: Iterable[float]) -> Schedule:
    waits = tuple(timedelta(seconds=wait) for wait in seconds)
    return Schedule(name=name, applies_to=frozenset({target}), waits=waits)
