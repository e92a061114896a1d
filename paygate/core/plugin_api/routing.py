"""The interface of routers.

Everything here is exported by ``paygate`` itself; a plugin imports it from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from uuid import UUID

from ..money import Money
from ..payments.model import CaptureMode
from ..webhooks.model import BreakerState
from .plugin import CallContext
from .processor import Capabilities


@dataclass(frozen=True, slots=True)
class Health:
    """How a processor has responded lately: some seconds old, and none of it is certain.

    Args:
        breaker: ``open`` while a worker sends it nothing, ``half_open`` while one tries it
            again; the worst state of all workers.
        calls: How many of its calls in the last minutes are counted; 0 if there is none.
        failed: Those that were not sent or whose outcome is unknown. A decline is a response.
        p50_ms: The median duration of the calls, in milliseconds; None without calls.
        p95_ms: The duration that 95 of 100 calls keep.
    """

    breaker: BreakerState = "closed"
    calls: int = 0
    failed: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None

    @property
    def failure_rate(self) -> float:
        """The share of the calls that failed, from 0 to 1; 0 without calls."""
        return self.failed / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A processor that supports the payment.

    Args:
        processor: Its id.
        capabilities: What it declares.
        health: How it has responded lately.
    """

    processor: str
    capabilities: Capabilities
    health: Health = Health()


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A payment that is about to be created.

    Args:
        payment_id: paygate's id of the payment.
        merchant_id: The merchant.
        amount: The amount.
        method: The payment method's code.
        flow: The flow of the method.
        capture_mode: Whether the money is captured at once, or held.
        facts: What routers may know of the instrument: ``network`` of a card, ``handle``
            (the part after the @) of a VPA. Never a number, not even its last digits.
        candidates: The capable processors in their usual order; at least two.
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
    """Ranks the processors of a payment.

    An optional attribute ``priority`` (default 0) orders several routers: the highest is asked
    first; equal ones in the order of their plugins' names.
    """

    @property
    def name(self) -> str:
        """The name in settings, logs and timelines; unique among routers."""
        ...

    async def rank(self, request: RouteRequest, context: CallContext) -> Sequence[str] | None:
        """Return processor ids, the best first; others follow in their usual order.

        It runs while a request waits, so all routers together have half a second. A result that
        is late or invalid, or an exception, counts as no preference.

        Returns:
            None for no preference; the next router is asked.
        """
        ...
