"""What a processor implements: operations, callbacks, wake-ups and shopper returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from ..instrument import Instrument
from ..money import Money
from ..outcome import Outcome
from ..payments.operation import OperationKind
from .plugin import CallContext, PluginInfo

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


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A callback as it came: nobody has vouched for it.

    Args:
        headers: With lower-case names.
        body: The exact bytes.
        received_at: When it came, in UTC; ``verify`` judges by it what is too old. The
            host says it, of every part of a batch too.
    """

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """A callback whose sender is certain.

    Args:
        key: What makes it this one and no other; a second with the same key changes nothing.
        content: What it says, parsed.
    """

    key: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """What a callback says about one operation.

    Args:
        operation_id: Ours, as the processor was told it.
        outcome: What became of it.
        amount: Of the operation, as the processor knows it; compared with ours.
    """

    operation_id: str
    outcome: Outcome
    amount: Money | None = None


@runtime_checkable
class CanCallback(Protocol):
    """A processor that calls us. Nothing here waits or asks anybody."""

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        """The callbacks in it; most hold one, some a batch."""
        ...

    def verify(self, callback: RawCallback) -> Verified:
        """Make certain who sent it.

        Raises:
            BadSignatureError: Nobody we know. There is no other way to say no.
        """
        ...

    def translate(self, verified: Verified) -> Sequence[Update]:
        """What it says, in our words."""
        ...

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """The status and body that the processor wants to see."""
        ...


@runtime_checkable
class CanPlayPayer(Protocol):
    """A simulated processor whose payer a person or a test may play."""

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback:
        """The callback it sends when the payer decides so.

        Args:
            request: The charge that waits for them.
            decision: ``approve``, ``decline``, ``wrong_pin`` or ``time_out``.
        """
        ...


@runtime_checkable
class CanWake(Protocol):
    """A processor that asked to be woken with ``CallContext.wake_me``."""

    async def wake(self, request: FollowUp, context: CallContext) -> None:
        """Do what was put off; ``context.state`` is what it said then.

        It may be called again with the same state, if the first time was cut short.
        """
        ...


@runtime_checkable
class CanContinue(Protocol):
    """A processor that hears what the shopper brought back from a redirect or challenge."""

    async def complete_action(
        self, request: FollowUp, params: Mapping[str, str], context: CallContext
    ) -> Outcome:
        """What became of the operation, now that the shopper is back.

        Args:
            request: The charge it is about.
            params: What came back with the shopper, unchecked.
            context: The host's.
        """
        ...
