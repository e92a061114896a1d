"""Who chooses the processor of a payment, and what they are told.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from uuid import UUID

from ..money import Money
from ..payments.model import CaptureMode
from .plugin import CallContext
from .processor import Capabilities


@dataclass(frozen=True, slots=True)
class Candidate:
    """A processor that can carry the payment out.

    Args:
        processor: Its id.
        capabilities: What it declares.
    """

    processor: str
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A payment that is about to be made.

    Args:
        payment_id: Ours, minted already.
        merchant_id: Who is to be paid.
        amount: How much.
        method: The payment method's code.
        flow: How it is to be carried out.
        capture_mode: Whether the money is taken at once, or held.
        facts: What may be known of the instrument: ``network`` of a card, ``handle``
            (what follows the @) of a VPA. Never a number, not even its last digits.
        candidates: Who can carry it out, in the order that would be used; two at least.
    """

    payment_id: str
    merchant_id: UUID
    amount: Money
    method: str
    flow: str
    capture_mode: CaptureMode
    facts: Mapping[str, str]
    candidates: tuple[Candidate, ...]


@runtime_checkable
class Router(Protocol):
    """Says which processor is to be asked first.

    An attribute ``priority`` (0 where there is none) says who is asked first among
    several routers: the higher; among equals, in the order of the plugins' names.
    """

    @property
    def name(self) -> str:
        """What settings, logs and time lines call it; unique among routers."""
        ...

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str] | None:
        """Processor ids, the best first; those left out follow in their usual order.

        It runs while a request waits, so all routers together have half a second.
        What is late, raised or no such answer counts as no opinion.

        Returns:
            None: no opinion; the next router is asked.
        """
        ...
