"""Who may stop a payment before its processor hears of it, and what they are told.

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
"""What a check that fails counts as: no opinion, or a block."""


@dataclass(frozen=True, slots=True)
class RiskRequest:
    """A payment that nobody was asked about yet.

    Args:
        payment_id: Ours.
        order_id: What it pays.
        amount: How much.
        instrument: As it is displayed; what was sealed stays sealed.
        processor: Who will be asked.
        created_at: When it was made, in UTC.
    """

    payment_id: str
    order_id: str
    amount: Money
    instrument: Instrument
    processor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing is wrong with it. It does not overrule another check's ``Block``.

    Args:
        reason: For the time line; no secrets.
    """

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """It must not be made: it fails at once, and no processor hears of it.

    Args:
        reason: For the time line, never for the shopper; no secrets.
        code: What the merchant is told.
        shopper_message_key: Which sentence to show to the shopper.
    """

    reason: str
    code: DeclineCode = DeclineCode.SUSPECTED_FRAUD
    shopper_message_key: str | None = None


RiskVerdict = Allow | Block


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskContext(CallContext):
    """What a check is handed: ``CallContext``, and the past.

    Args:
        history: The merchant's payments that were made before this one.
    """

    history: History


@runtime_checkable
class RiskCheck(Protocol):
    """Looks at a payment before anybody is asked for the money.

    An attribute ``fail`` (``"open"`` where there is none) says what counts when the
    check raises, is late or answers junk: ``"open"`` no opinion, ``"closed"`` a block.
    """

    @property
    def name(self) -> str:
        """What settings, logs and time lines call it; unique among checks."""
        ...

    async def assess(self, request: RiskRequest, context: RiskContext) -> RiskVerdict | None:
        """Allow it, block it, or have no opinion.

        Asked once for each payment, together with all other checks, before the first
        time it is sent; again if the worker died before the verdict was stored. It
        has two seconds.
        """
        ...
