"""What a processor does by itself: it calls us back, wakes up later, hears of the shopper.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from ..domain.money import Money
from ..domain.outcome import Outcome
from .plugins import CallContext
from .processor import FollowUp


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
