"""Refused access: lines in the security log and entries in the audit log, however many."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ..clock import Clock
from ..errors import InfrastructureError, RowRefusedError
from ..limits import IP_CHARS_MAX, REFUSAL_ADDRESSES_MAX, REFUSAL_WINDOW, REFUSAL_WINDOWS_MAX
from .model import Actor, AuditEntry
from .store import AuditRepository

log = logging.getLogger("paygate.security")
Kind = tuple[str, UUID | None, str, str, tuple[tuple[str, str], ...]]
UNKNOWN = Actor("anybody", "", "unknown")
"""Who was refused before it was known who they are."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused access.

    Args:
        action: What was refused, such as ``session.refused``.
        reason: Why, in words of ours. Nothing that the caller sent.
        ip: Where the request came from.
        merchant_id: Whose account or key it is; None while that is unknown. Only a merchant
            has an audit log.
        subject: The id of an account, key or processor that exists; empty for any other.
        actor: Who was refused, where that is certain.
        detail: Scalars that are worth knowing. Nothing that the caller sent.
    """

    action: str
    reason: str
    ip: str | None
    merchant_id: UUID | None = None
    subject: str = ""
    actor: Actor = UNKNOWN
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What one window counts: all that its entries say, but for where it came from."""
        told = tuple(sorted((name, str(value)) for name, value in self.detail.items()))
        return self.action, self.merchant_id, self.subject, self.reason, told


@dataclass(slots=True)
class _Window:
    """Refusals of one kind since the first of them.

    Args:
        total: How many there were.
        untold: How many of them are in neither log yet.
        addresses: Where the untold ones came from, the first few.
    """

    first: Refusal
    timer: asyncio.TimerHandle
    total: int = 0
    unlogged: int = 0
    addresses: list[str] = field(default_factory=list)


class Refusals:
    """Write refusals down without letting anyone wait, and without end.

    The first of a kind (action, account or key, reason) is written at once. Those that
    follow within a minute are counted, and become one more line and one more entry when the
    minute is over. A flood so costs two rows a minute for each account or key that exists and
    each reason, and hides no other.

    Args:
        audit: Where entries are added; not bound to a transaction.
        clock: Real time, which no test moves.
    """

    def __init__(self, audit: AuditRepository, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._windows: dict[Kind, _Window] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def count(self, refusal: Refusal) -> int:
        """Write it down, or count it; how many of its kind there were within a minute."""
        if refusal.kind not in self._windows and len(self._windows) >= REFUSAL_WINDOWS_MAX:
            refusal = Refusal(refusal.action, "too many kinds of refusals at a time", refusal.ip)
        window = self._windows.get(refusal.kind)
        is_first = window is None
        if window is None:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(REFUSAL_WINDOW.total_seconds(), self._end, refusal.kind)
            window = self._windows[refusal.kind] = _Window(refusal, timer)
        window.total += 1
        window.unlogged += 1
        ip = (refusal.ip or "")[:IP_CHARS_MAX]
        if ip and ip not in window.addresses and len(window.addresses) < REFUSAL_ADDRESSES_MAX:
            window.addresses.append(ip)
        if is_first:
            self._tell(window)
        return window.total

    async def close(self) -> None:
        """Write down what was only counted, and wait for what is under way."""
        for kind in list(self._windows):
            self._end(kind)
        await asyncio.gather(*self._writing, return_exceptions=True)

    def _end(self, kind: Kind) -> None:
        window = self._windows.pop(kind)
        window.timer.cancel()
        if window.unlogged:
            self._tell(window)

    def _tell(self, window: _Window) -> None:
        first, count, addresses = window.first, window.unlogged, list(window.addresses)
        window.unlogged, window.addresses = 0, []
        log.warning(
            "%s: %s (merchant %s, subject %s, from %s, times %d)",
            first.action,
            first.reason,
            first.merchant_id or "unknown",
            first.subject or "unknown",
            ", ".join(addresses) or "unknown",
            count,
        )
        if first.merchant_id is None:
            return
        entry = _entry(first, first.merchant_id, count, addresses, at=self._clock.now())
        task = asyncio.create_task(self._write(entry))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, entry: AuditEntry) -> None:
        # While the database is away the log alone tells of it.
        with suppress(InfrastructureError, RowRefusedError):
            await self._audit.add(entry)


def _entry(
    first: Refusal, merchant_id: UUID, count: int, addresses: list[str], *, at: datetime
) -> AuditEntry:
    detail = {**first.detail, "reason": first.reason, "count": count, "addresses": addresses}
    return AuditEntry(
        merchant_id=merchant_id,
        at=at,
        actor=first.actor,
        action=first.action,
        subject=first.subject,
        ip=addresses[0] if addresses else None,
        detail=detail,
    )
