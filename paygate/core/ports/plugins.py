"""What a plugin implements, and the values it is handed and hands back.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from pydantic import BaseModel

from ..domain.delivery import DeliveryResult
from ..domain.endpoint import Endpoint
from ..domain.instrument import Instrument
from ..domain.money import Money
from ..domain.operation import OperationKind
from ..domain.outcome import Outcome
from .clock import Clock
from .http import Http

Config = TypeVar("Config", bound=BaseModel)

Grade = Literal["none", "full", "partial", "multiple"]
"""How finely a thing can be done: not at all, whole, in one part, in several."""

API_VERSION = 1
"""The plugin API this paygate speaks; ``requires_api`` is compared with it."""


class PluginContext(Protocol):
    """What a hook is handed at start-up, once per app and plugin."""

    @property
    def plugin_id(self) -> str:
        """The name the plugin was found under."""
        ...

    def config(self, model: type[Config]) -> Config:
        """The plugin's settings, validated.

        A field ``rate`` of plugin ``acme`` is read from ``PAYGATE_ACME_RATE``, or
        from the variable the field names itself:
        ``Field(json_schema_extra={"env": "ACME_RATE"})``.

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
class Capabilities:
    """What a processor can do. The host refuses the rest before the call.

    Args:
        methods: Method code → the flows it can carry out.
        currencies: ISO codes; empty for all.
        amount_minor_min: The smallest amount, in minor units.
        amount_minor_max: The largest amount, in minor units; None for no bound.
        refund: Whether it gives money back, and how finely. Must agree with
            implementing ``CanRefund``.
        query: It can be asked what became of an operation. Must agree with
            implementing ``CanQuery``.
        idempotent_operations: Asked twice with one operation id, it acts once.
    """

    methods: Mapping[str, frozenset[str]]
    currencies: frozenset[str] = frozenset()
    amount_minor_min: int = 0
    amount_minor_max: int | None = None
    refund: Grade = "none"
    query: bool = False
    idempotent_operations: bool = False


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
    """

    merchant_id: UUID
    operation_id: str
    deadline: timedelta
    clock: Clock
    rng: Random
    http: Http
    logger: Logger
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """Ask for a payer's money.

    Args:
        payment_id: Ours; for statements and support.
        amount: How much.
        instrument: The payer's, as the method prepared it; ``instrument.secret``
            holds what was sealed.
    """

    payment_id: str
    amount: Money
    instrument: Instrument


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Ask about, or on top of, something asked before.

    Args:
        payment_id: Ours.
        operation_id: Of the operation it is about.
        amount: Of that operation.
        instrument: Without its secret.
        asked_at: When the operation was made, in UTC.
        reference: What the processor called it, if it told us.
    """

    payment_id: str
    operation_id: str
    amount: Money
    instrument: Instrument
    asked_at: datetime
    reference: str | None = None


@runtime_checkable
class Processor(Protocol):
    """What moves the money."""

    @property
    def info(self) -> PluginInfo:
        """Who it is."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """Ask for the money.

        Raises:
            NotSentError: Provably nothing left; it may be asked again.
        """
        ...


@runtime_checkable
class CanRefund(Protocol):
    """A processor that can give money back."""

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """Give it back: ``request.amount``, of the charge that ``request`` names.

        ``context.operation_id`` is the refund's own id, and its idempotency key.

        Raises:
            NotSentError: Provably nothing left; it may be asked again.
        """
        ...


@runtime_checkable
class CanQuery(Protocol):
    """A processor that can be asked what became of an operation."""

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """What became of it.

        Raises:
            NotSentError: It never arrived; it may be sent again under the same id.
        """
        ...


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
    """

    id: str
    type: str
    body: bytes = field(repr=False)
    created_at: datetime


@runtime_checkable
class EventSink(Protocol):
    """Carries events out."""

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
