"""The interface of risk checks.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from ..instrument import Instrument
from ..money import Money
from ..outcome import DeclineCode
from .history import History
from .plugin import CallContext

FailMode = Literal["open", "closed"]
"""What a failure of the check counts as: no verdict, or a block."""


@dataclass(frozen=True, slots=True)
class RiskRequest:
    """A payment that was not sent to its processor yet.

    Args:
        payment_id: paygate's id of the payment.
        order_id: Its order.
        amount: The amount.
        instrument: As it is displayed; the sealed part is not included.
        processor: The id of its processor.
        created_at: When it was created, in UTC.
    """

    payment_id: str
    order_id: str
    amount: Money
    instrument: Instrument
    processor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Allow:
    """The check has no objection. It does not overrule another check's ``Block``.

    Args:
        reason: For the timeline; without secrets.
    """

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """The payment is blocked: it fails at once, and is not sent to its processor.

    Args:
        reason: For the timeline, never for the shopper; without secrets.
        code: The decline code that the merchant sees.
        shopper_message_key: The key of the message for the shopper.
    """

    reason: str
    code: DeclineCode = DeclineCode.SUSPECTED_FRAUD
    shopper_message_key: str | None = None


RiskVerdict = Allow | Block


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskContext(CallContext):
    """The context of a risk check: a ``CallContext`` with a history.

    Args:
        history: The merchant's payments that were created before this one.
    """

    history: History


@runtime_checkable
class RiskCheck(Protocol):
    """Checks a payment before it is sent to its processor.

    An optional attribute ``fail`` says what counts when the check raises, is late or returns
    an invalid result: ``"open"`` (default) no verdict, ``"closed"`` a block.
    """

    @property
    def name(self) -> str:
        """The name in settings, logs and timelines; unique among checks."""
        ...

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """Allow the payment, block it, or return no verdict.

        Called once for each payment, together with all other checks, before the payment is
        first sent; again if the worker died before the verdict was stored. It has two
        seconds.
        """
        ...
