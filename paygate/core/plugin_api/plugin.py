"""The contexts, settings and logger that every plugin receives."""

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
from .records import Records

Config = TypeVar("Config", bound=BaseModel)
API_VERSION = 7
"""The version of the plugin API; ``requires_api`` is compared with it.

1 methods, processors, sinks, retry policies, scenarios · 2 routers, risk checks,
routes, commands, panels · 3 time of a callback, payment of
an event is about, closing of sinks · 4 processors that say that they simulate, derived
secrets · 5 HTTP requests with any method, parameters and client certificates · 6 dialects,
sinks that only endpoints that name them get, the order and the callback URL of a charge,
records, and a function that posts events · 7 the health of a router's candidates.
"""


class PluginContext(Protocol):
    """The context of a hook at start-up, once per app and plugin."""

    @property
    def plugin_id(self) -> str:
        """The name of the plugin."""
        ...

    @property
    def scenarios(self) -> Mapping[str, Any]:
        """The scenarios that simulators can play, by name."""
        ...

    def config(self, model: type[Config]) -> Config:
        """Return the plugin's settings, validated.

        A field ``rate`` of plugin ``acme`` is read from ``PAYGATE_ACME_RATE``, or
        from the variable the field names itself:
        ``Field(json_schema_extra={"env": "ACME_RATE"})``. A secret that is not set is
        derived from the installation's vault key if the field has
        ``json_schema_extra={"derived": True}`` and the default None.

        Raises:
            OperatorError: A value is missing or invalid; start-up ends with it.
        """
        ...


class Logger(Protocol):
    """A structured log, bound to the current operation; it redacts."""

    def debug(self, event: str, **fields: Any) -> None:
        """Log for debugging."""

    def info(self, event: str, **fields: Any) -> None:
        """Log for information."""

    def warning(self, event: str, **fields: Any) -> None:
        """Log a problem that someone should check."""


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """The identity of a plugin.

    Args:
        id: Lower-case letters, digits and underscores; unique among its kind, and
            used in rows, settings and logs.
        version: The plugin's version.
        requires_api: The oldest plugin API that it works with.
    """

    id: str
    version: str
    requires_api: int = 1


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A call of ``wake`` that a processor requested."""

    after: timedelta
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallContext:
    """The context of a call of a plugin.

    Args:
        merchant_id: The merchant of the payment.
        operation_id: The processor's idempotency key, committed before the call.
        deadline: After this time the host stops waiting.
        clock: The app's time.
        rng: Seeded from the app's seed and the operation id: the same operation gets
            the same numbers in every process and every call.
        http: The guarded HTTP client.
        logger: Bound to the payment.
        state: The state that the plugin last returned for this operation.
        asked_at: When the operation was created, in UTC.
        scenario: The scenario that a simulator plays; real processors ignore it.
        wake_ups: The requests of ``wake_me`` during this call.
        call_back: Receives a callback as if it came over HTTP; for simulators.
        records: The plugin's own rows of the merchant; only for sinks.
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
    records: Records | None = None

    def wake_me(self, after: timedelta, state: Mapping[str, Any]) -> None:
        """Request a call of ``wake`` later; the request survives restarts.

        It only counts if the result of this call is stored.

        Args:
            after: The delay.
            state: Plain JSON, passed to that call as ``context.state``.
        """
        self.wake_ups.append(WakeUp(after, state))


@runtime_checkable
class CanClose(Protocol):
    """A sink with resources to close, such as a broker's client."""

    async def close(self) -> None:
        """Close the resources: the app shuts down, and delivers no more events."""
        ...
