"""Retry policies: history in, delay or "give up" out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal, Protocol, runtime_checkable

PolicyTarget = Literal["delivery", "query", "operation"]


@dataclass(frozen=True, slots=True)
class Tries:
    """What was tried so far.

    Args:
        count: How often, the one that just failed included.
        last_status_code: What the other side answered; None for no answer.
        retry_after: How long the other side asked us to wait.
    """

    count: int
    last_status_code: int | None = None
    retry_after: timedelta | None = None


@runtime_checkable
class RetryPolicy(Protocol):
    """History → delay, or give up. Pure."""

    @property
    def name(self) -> str:
        """Unique among policies."""
        ...

    @property
    def applies_to(self) -> frozenset[PolicyTarget]:
        """What it can decide about."""
        ...

    def next_delay(self, tries: Tries, *, now: datetime, rng: Random) -> timedelta | None:
        """How long to wait before the next try, counted from now; None to give up."""
        ...
