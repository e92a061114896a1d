"""The interface of retry policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal, Protocol, runtime_checkable

PolicyTarget = Literal["delivery", "query", "operation"]


@dataclass(frozen=True, slots=True)
class Tries:
    """The attempts so far.

    Args:
        count: Number of attempts, including the one that just failed.
        last_status_code: The status of the last response; None without a response.
        retry_after: How long the receiver asked paygate to wait.
    """

    count: int
    last_status_code: int | None = None
    retry_after: timedelta | None = None


@runtime_checkable
class RetryPolicy(Protocol):
    """Decides when to retry, or to give up. Pure."""

    @property
    def name(self) -> str:
        """A unique name."""
        ...

    @property
    def applies_to(self) -> frozenset[PolicyTarget]:
        """The targets that it can decide."""
        ...

    def next_delay(self, tries: Tries, *, now: datetime, rng: Random) -> timedelta | None:
        """Return the delay before the next attempt, from now; None to give up."""
        ...
