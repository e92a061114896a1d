"""A clause's declaration, and what it is checked with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from .answer import Answer
from .gateway import Gateway
from .webhooks import Webhooks

EARLY_SHARE = 0.5
"""Of the time that payments are pending: so long each of them certainly is."""


@dataclass(frozen=True, slots=True)
class Early:
    """A request about a payment that was just created.

    Args:
        path: Of the request, below the payment.
        answer: The answer.
        took_s: From the request that created the payment to this answer, in seconds.
        was_pending: Whether the payment was pending even after it.
    """

    path: str
    answer: Answer
    took_s: float
    was_pending: bool


@dataclass(slots=True)
class Case:
    """What one clause is checked with.

    Args:
        gateway: The gateway under test.
        webhooks: The receiver of its webhooks.
        is_full: Whether to wait for what takes a minute.
        unseen: The parts of the clause that were not checked, with the reason.
    """

    gateway: Gateway
    webhooks: Webhooks
    is_full: bool = False
    unseen: list[str] = field(default_factory=list)

    def leave_out(self, part: str) -> None:
        """Record that a part of the clause is not checked.

        Args:
            part: The part and the reason.
        """
        self.unseen.append(part)

    async def early(self, path: str, body: Any) -> Early:
        """Create a payment, and send a request about it while it is pending.

        Args:
            path: Below the payment, such as ``capture``.
            body: Of the request.
        """
        id, created = await self.gateway.payment()
        answer = await self.gateway.call("POST", f"/payments/{id}/{path}", body)
        shown = await self.gateway.call("GET", f"/payments/{id}")
        took_s = answer.ended_s - created.began_s
        return Early(path, answer, took_s, was_pending=shown.field("status") == "pending")

    def must_be_refused(self, early: Early) -> None:
        """Require that a request about a pending payment was refused.

        An answer that came when the payment may have succeeded already proves nothing. To know
        how long payments are pending, one must have been waited for.

        Raises:
            BrokenClauseError: It was accepted although the payment was pending.
        """
        is_in_time = early.took_s <= EARLY_SHARE * (self.gateway.pending_s or 0)
        if early.answer.status >= 300 or early.was_pending or is_in_time:
            early.answer.must_be_error(400, "BAD_REQUEST_ERROR")
            return
        self.leave_out(
            f"{early.path} of a pending payment: payments succeed too soon here; start the "
            "gateway with TEST_PROCESSING_DELAY=1000"
        )


Check = Callable[[Case], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the common contract.

    Args:
        id: Such as ``K7``.
        requires: One sentence.
        check: Raises BrokenClauseError or NotSeenError; None if nothing can be seen from outside.
        unseen: What cannot be seen from outside, each with the reason.
        needs_webhooks: Whether it needs a receiver that the gateway reaches.
        is_alone: Whether nothing else may happen to the merchant meanwhile.
    """

    id: str
    requires: str
    check: Check | None
    unseen: tuple[str, ...] = ()
    needs_webhooks: bool = False
    is_alone: bool = False

    @property
    def number(self) -> int:
        """Its place in the contract."""
        return int(self.id[1:])


def clause(
    id: str,
    requires: str,
    *,
    unseen: tuple[str, ...] = (),
    needs_webhooks: bool = False,
    is_alone: bool = False,
) -> Callable[[Check], Clause]:
    """Declare a clause with the function that checks it. See ``Clause``."""

    def declare(check: Check) -> Clause:
        return Clause(id, requires, check, unseen, needs_webhooks=needs_webhooks, is_alone=is_alone)

    return declare
