"""What a processor implements, and what it is asked with.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from ..domain.instrument import Instrument
from ..domain.money import Money
from ..domain.operation import OperationKind
from ..domain.outcome import Outcome
from .plugins import CallContext, PluginInfo

Grade = Literal["none", "full", "partial", "multiple"]
"""How finely a thing can be done: not at all, whole, in one part, in several."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a processor can do. The host refuses the rest before the call.

    Args:
        methods: Method code → the flows it can carry out.
        currencies: ISO codes; empty for all.
        amount_minor_min: The smallest amount, in minor units.
        amount_minor_max: The largest amount, in minor units; None for no bound.
        capture: Whether it can hold money and take it later, and how finely. Must
            agree with implementing ``CanCapture``.
        void: It can let go of held money. Must agree with implementing ``CanVoid``.
        refund: Whether it gives money back, and how finely. Must agree with
            implementing ``CanRefund``.
        query: It can be asked what became of an operation. Must agree with
            implementing ``CanQuery``.
        callbacks: It calls us. Must agree with implementing ``CanCallback``.
        late_success: It may approve by callback what it had declined.
        idempotent_operations: Asked twice with one operation id, it acts once.
        simulated: It moves no real money. Production refuses to start with such a
            processor, unless the operator allows simulators.
    """

    methods: Mapping[str, frozenset[str]]
    currencies: frozenset[str] = frozenset()
    amount_minor_min: int = 0
    amount_minor_max: int | None = None
    capture: Grade = "none"
    void: bool = False
    refund: Grade = "none"
    query: bool = False
    callbacks: bool = False
    late_success: bool = False
    idempotent_operations: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """Ask for a payer's money.

    Args:
        payment_id: Ours; for statements and support.
        amount: How much.
        instrument: The payer's, as the method prepared it; ``instrument.secret``
            holds what was sealed.
        capture: Whether to take the money at once; else it is only held, and a
            ``capture`` or ``void`` follows. Never False to a processor that declares
            ``capture="none"``.
    """

    payment_id: str
    amount: Money
    instrument: Instrument
    capture: bool = True


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
        is_final: Of a capture: nothing more will be taken, so let go of the rest.
    """

    payment_id: str
    operation_id: str
    amount: Money
    instrument: Instrument
    asked_at: datetime
    reference: str | None = None
    is_final: bool = True


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
class CanCapture(Protocol):
    """A processor that can hold money and take it later."""

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        """Take ``request.amount`` of what the charge that ``request`` names holds.

        ``context.operation_id`` is the capture's own id, and its idempotency key.

        Raises:
            NotSentError: Provably nothing left; it may be asked again.
        """
        ...


@runtime_checkable
class CanVoid(Protocol):
    """A processor that can let go of held money."""

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        """Let go of ``request.amount``, all that the charge that ``request`` names holds.

        ``context.operation_id`` is the void's own id, and its idempotency key.

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
