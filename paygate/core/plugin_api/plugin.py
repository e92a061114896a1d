"""What every plugin is given: its context, a call context, settings and a logger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from pydantic import BaseModel

from ..clock import Clock
from .http_client import Http

Config = TypeVar("Config", bound=BaseModel)
API_VERSION = 4
"""The plugin API this paygate speaks; ``requires_api`` is compared with it.

1 methods, processors, sinks, retry policies, scenarios · 2 routers, risk checks,
routes, commands, panels · 3 when a callback came, whose payment
an event is about, closing of sinks · 4 processors that say that they simulate, derived
secrets.
"""


class PluginContext(Protocol):
    """What a hook is handed at start-up, once per app and plugin."""

    @property
    def plugin_id(self) -> str:
        """The name the plugin was found under."""
        ...

    @property
    def scenarios(self) -> Mapping[str, Any]:
        """What simulators can play, by name."""
        ...

    def config(self, model: type[Config]) -> Config:
        """The plugin's settings, validated.

        A field ``rate`` of plugin ``acme`` is read from ``PAYGATE_ACME_RATE``, or
        from the variable the field names itself:
        ``Field(json_schema_extra={"env": "ACME_RATE"})``. A secret that nothing sets is
        derived from the installation's vault key where the field says
        ``json_schema_extra={"derived": True}`` and its default is None.

        Raises:
            OperatorError: A value is missing or wrong; start-up stops with it.
        """
        ...


class Logger(Protocol):
    """A structured log bound to what is being worked on; it redacts."""

    def debug(self, event: str, **fields: Any) -> None:
        """For whoever debugs."""

    def info(self, event: str, **fields: Any) -> None:
        """For whoever watches."""

    def warning(self, event: str, **fields: Any) -> None:
        """For whoever is to look into it."""


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Who a plugin is.

    Args:
        id: Lower-case letters, digits and underscores; unique among its kind, and
            what rows, settings and logs call it.
        version: Of the plugin.
        requires_api: The oldest plugin API it works with.
    """

    id: str
    version: str
    requires_api: int = 1


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A call of ``wake`` that a processor asked for."""

    after: timedelta
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a plugin is handed with each call. It has no other way to the world.

    Args:
        merchant_id: Whose payment it is.
        operation_id: The processor's idempotency key, committed before the call.
        deadline: After this much time the host stops listening.
        clock: The app's time.
        rng: Seeded from the app's seed and the operation id: the same operation
            draws the same numbers in every process, however often it is asked.
        http: The guarded client.
        logger: Bound to the payment.
        state: What the plugin last asked to be kept for this operation.
        asked_at: When the operation was made, in UTC.
        scenario: The name of what a simulator is to play; real processors ignore it.
        wake_ups: What ``wake_me`` was told during this call.
        call_back: Hands in a callback as if it had come over HTTP; for simulators.
    """

    merchant_id: UUID
    operation_id: str
    deadline: timedelta
    clock: Clock
    rng: Random
    http: Http
    logger: Logger
    state: Mapping[str, Any] | None = None
    asked_at: datetime | None = None
    scenario: str | None = None
    wake_ups: list[WakeUp] = field(default_factory=list)
    call_back: Callable[[Mapping[str, str], bytes], Awaitable[None]] | None = None

    def wake_me(self, after: timedelta, state: Mapping[str, Any]) -> None:
        """Ask for a call of ``wake`` later; it survives restarts.

        Counts only if this call's answer is stored.

        Args:
            after: How much later.
            state: Plain JSON, handed back as ``context.state`` then.
        """
        self.wake_ups.append(WakeUp(after, state))


@runtime_checkable
class CanClose(Protocol):
    """A sink that holds something open, such as a broker's client."""

    async def close(self) -> None:
        """Let go of it: the app shuts down, and nothing is delivered any more."""
        ...
