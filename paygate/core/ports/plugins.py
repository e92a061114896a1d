"""What a plugin implements, and the values it is handed and hands back.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from pydantic import BaseModel

from ..domain.delivery import DeliveryResult
from ..domain.endpoint import Endpoint
from ..domain.instrument import Instrument
from ..domain.money import Money
from .clock import Clock
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
class MethodInfo:
    """What a payment method is.

    Args:
        code: What requests say in ``method``.
        label: What people read.
        flows: How it can be carried out.
        input_model: What its part of a request must look like.
        invalid_code: The error code of a request that does not.
        version: Of the plugin.
        requires_api: The oldest plugin API it works with.
    """

    code: str
    label: str
    flows: frozenset[str]
    input_model: type[BaseModel]
    invalid_code: str = "bad_request"
    version: str = "0"
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


@dataclass(frozen=True, slots=True)
class MethodContext:
    """What a method may know beside the payer's details.

    Args:
        now: The present, in UTC.
        amount: What is to be paid.
    """

    now: datetime
    amount: Money


@runtime_checkable
class PaymentMethod(Protocol):
    """A kind of paying."""

    @property
    def info(self) -> MethodInfo:
        """What it is."""
        ...

    def prepare(self, details: BaseModel, context: MethodContext) -> Instrument:
        """Check what the payer gave; say what may be kept and what is sealed.

        Args:
            details: An instance of ``info.input_model``.
            context: The present.

        Raises:
            InvalidInstrumentError: It cannot be right; nothing is stored.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeliverableEvent:
    """An event as a sink carries it.

    Args:
        id: Stable over all attempts; the receiver may use it to know a copy.
        type: What happened.
        body: The exact bytes to send.
        created_at: When it happened, in UTC.
        payment_id: The payment it is about; None where it is about none. What keeps the
            events of one payment in order in a log with partitions.
    """

    id: str
    type: str
    body: bytes = field(repr=False)
    created_at: datetime
    payment_id: str | None = None


@runtime_checkable
class CanClose(Protocol):
    """A sink that holds something open, such as a broker's client."""

    async def close(self) -> None:
        """Let go of it: the app shuts down, and nothing is delivered any more."""
        ...


@runtime_checkable
class EventSink(Protocol):
    """Carries events out.

    An attribute ``concerns_endpoint`` (True where there is none) says whether what comes of
    an attempt is the endpoint's doing. A sink that writes elsewhere says False: its failures
    do not disable a merchant's endpoint, nor do its successes keep one that is dead.
    """

    @property
    def info(self) -> PluginInfo:
        """Who it is."""
        ...

    def wants(self, event_type: str, endpoint: Endpoint) -> bool:
        """Whether an event of that type is to be delivered there. Pure."""
        ...

    async def deliver(
        self, event: DeliverableEvent, endpoint: Endpoint, context: CallContext
    ) -> DeliveryResult:
        """Carry it there, once. It may be called again with the same ``event.id``."""
        ...
