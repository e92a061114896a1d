"""The interfaces of processors: operations, callbacks, wake-ups and shopper returns."""

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
"""How far an operation is supported: not at all, whole, once in part, or several parts."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities of a processor. The host refuses everything else before the call.

    Args:
        methods: Method code → the flows it supports.
        currencies: ISO codes; empty for all.
        amount_minor_min: The smallest amount, in minor units.
        amount_minor_max: The largest amount, in minor units; None for no limit.
        capture: How far it supports manual capture. Must agree with implementing
            ``CanCapture``.
        void: It can release held money. Must agree with implementing ``CanVoid``.
        refund: How far it supports refunds. Must agree with implementing
            ``CanRefund``.
        query: Its operations can be queried. Must agree with implementing
            ``CanQuery``.
        callbacks: It sends callbacks. Must agree with implementing ``CanCallback``.
        late_success: A callback may approve what it had declined.
        idempotent_operations: Requests with the same operation id have one effect.
        simulated: It moves no real money. Production refuses to start with such a
            processor, unless the operator allows simulators.
        order_details: It needs the receipt and the notes of the order. They are read for
            processors that say so.
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
    order_details: bool = False


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """A charge of a payer's instrument.

    Args:
        payment_id: paygate's id of the payment, for statements and support.
        amount: The amount.
        instrument: The payer's, as the method prepared it; ``instrument.secret``
            contains the sealed part.
        capture: Whether to capture at once; otherwise the money is only held, and a
            ``capture`` or ``void`` follows. Never False for a processor that declares
            ``capture="none"``.
        order_id: The order that is paid.
        receipt: The merchant's reference of the order; None without ``order_details``.
        notes: The merchant's notes of the order; empty without ``order_details``.
        callback_url: Where this processor's callbacks are received, for it to know.
    """

    payment_id: str
    amount: Money
    instrument: Instrument
    capture: bool = True
    order_id: str = ""
    receipt: str | None = field(default=None, repr=False)
    notes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    callback_url: str = ""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A request about an earlier operation, or based on it.

    Args:
        payment_id: paygate's id of the payment.
        operation_id: The id of the operation it is about.
        amount: The amount of that operation.
        instrument: The instrument without its secret.
        asked_at: When the operation was created, in UTC.
        reference: The processor's id of it, if it is known.
        is_final: For a capture: no other capture follows, so release the rest.
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
    """A processor: it moves the money."""

    @property
    def info(self) -> PluginInfo:
        """The identity of the processor."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities of the processor."""
        ...

    async def authorize(self, request: AuthorizeRequest, context: CallContext) -> Outcome:
        """Charge the instrument.

        Raises:
            NotSentError: The request was certainly never sent; it may be sent again.
        """
        ...


@runtime_checkable
class CanCapture(Protocol):
    """A processor with manual capture."""

    async def capture(self, request: FollowUp, context: CallContext) -> Outcome:
        """Capture ``request.amount`` of the money that the charge in ``request`` holds.

        ``context.operation_id`` is the capture's own id, and its idempotency key.

        Raises:
            NotSentError: The request was certainly never sent; it may be sent again.
        """
        ...


@runtime_checkable
class CanVoid(Protocol):
    """A processor that can release held money."""

    async def void(self, request: FollowUp, context: CallContext) -> Outcome:
        """Release ``request.amount``: all that the charge in ``request`` holds.

        ``context.operation_id`` is the void's own id, and its idempotency key.

        Raises:
            NotSentError: The request was certainly never sent; it may be sent again.
        """
        ...


@runtime_checkable
class CanRefund(Protocol):
    """A processor that supports refunds."""

    async def refund(self, request: FollowUp, context: CallContext) -> Outcome:
        """Refund ``request.amount`` of the charge in ``request``.

        ``context.operation_id`` is the refund's own id, and its idempotency key.

        Raises:
            NotSentError: The request was certainly never sent; it may be sent again.
        """
        ...


@runtime_checkable
class CanQuery(Protocol):
    """A processor whose operations can be queried."""

    async def query(self, kind: OperationKind, request: FollowUp, context: CallContext) -> Outcome:
        """Return the outcome of an operation.

        Raises:
            NotSentError: The processor does not know it; it may be sent again with this id.
        """
        ...


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A callback as it was received, not verified yet.

    Args:
        headers: With lower-case names.
        body: The exact bytes.
        received_at: When it was received, in UTC; ``verify`` refuses old callbacks by it.
            The host sets it, also for every part of a batch.
    """

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """A verified callback.

    Args:
        key: Identifies it; another callback with the same key changes nothing.
        content: The parsed content.
    """

    key: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """The content of a callback about one operation.

    Args:
        operation_id: paygate's id, as it was sent to the processor.
        outcome: The outcome of the operation.
        amount: The operation's amount at the processor; compared with paygate's.
    """

    operation_id: str
    outcome: Outcome
    amount: Money | None = None


@runtime_checkable
class CanCallback(Protocol):
    """A processor that sends callbacks. Its methods do not wait and make no calls."""

    def split(self, callback: RawCallback) -> Sequence[RawCallback]:
        """Split a callback into single callbacks; most contain one, some a batch."""
        ...

    def verify(self, callback: RawCallback) -> Verified:
        """Verify the sender.

        Raises:
            BadSignatureError: The signature is missing or invalid. Raise nothing else.
        """
        ...

    def translate(self, verified: Verified) -> Sequence[Update]:
        """Translate the content into updates of operations."""
        ...

    def acknowledge(self, *, accepted: bool) -> tuple[int, bytes]:
        """Return the status and body of the response to the processor."""
        ...


@runtime_checkable
class CanPlayPayer(Protocol):
    """A simulated processor whose payer a person or a test controls."""

    def payer_decides(self, request: FollowUp, decision: str) -> RawCallback:
        """Return the callback that it sends after the payer's decision.

        Args:
            request: The charge that waits for the payer.
            decision: ``approve``, ``decline``, ``wrong_pin`` or ``time_out``.
        """
        ...


@runtime_checkable
class CanWake(Protocol):
    """A processor that requests wake-ups with ``CallContext.wake_me``."""

    async def wake(self, request: FollowUp, context: CallContext) -> None:
        """Do the scheduled work; ``context.state`` is the state of the request.

        It may be called again with the same state, if a call was interrupted.
        """
        ...


@runtime_checkable
class CanContinue(Protocol):
    """A processor that needs what the shopper's browser returned from a redirect or challenge."""

    async def complete_action(
        self, request: FollowUp, params: Mapping[str, str], context: CallContext
    ) -> Outcome:
        """Return the outcome of the operation after the shopper's return.

        Args:
            request: The charge.
            params: What the shopper's browser returned, unchecked.
            context: The context.
        """
        ...
