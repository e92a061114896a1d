"""Log refused access in the security log and the audit log, at a bounded rate."""

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
"""The actor of a refusal before the caller is known."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused access.

    Args:
        action: The refused action, such as ``session.refused``.
        reason: The reason, in paygate's words. Nothing that the caller sent.
        ip: The client's address.
        merchant_id: The merchant of the account or key; None if it is unknown. Only
            merchants have an audit log.
        subject: The id of an existing account, key or processor; otherwise empty.
        actor: The refused actor, if it is known.
        detail: Useful values, as scalars. Nothing that the caller sent.
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
        """The key of a window: every field except the address and the detail."""
        detail = tuple(sorted((name, str(value)) for name, value in self.detail.items()))
        return self.action, self.merchant_id, self.subject, self.reason, detail


@dataclass(slots=True)
class _Window:
    """Refusals of one kind since the first of them.

    Args:
        total: Number of refusals.
        unlogged: Number of refusals that are not logged yet.
        addresses: The first addresses of the unlogged refusals.
    """

    first: Refusal
    timer: asyncio.TimerHandle
    total: int = 0
    unlogged: int = 0
    addresses: list[str] = field(default_factory=list)


class Refusals:
    """Logs refusals in background tasks, at a bounded rate.

    The first refusal of a kind (action, account or key, reason) is logged at once. Those that
    follow within a minute are counted, and logged as one line and one entry at the end of the
    minute. So a flood costs two rows a minute for each existing account or key and reason, and
    hides no other refusals.

    Args:
        audit: Where entries are added; not bound to a transaction.
        clock: The real time.
    """

    def __init__(self, audit: AuditRepository, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._windows: dict[Kind, _Window] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def count(self, refusal: Refusal) -> int:
        """Log or count a refusal; return the number of its kind within the current minute."""
        if refusal.kind not in self._windows and len(self._windows) >= REFUSAL_WINDOWS_MAX:
            refusal = Refusal(refusal.action, "too many kinds of refusals", refusal.ip)
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
            self._log(window)
        return window.total

    async def close(self) -> None:
        """Log what was only counted, and wait for the tasks in progress."""
        for kind in list(self._windows):
            self._end(kind)
        await asyncio.gather(*self._writing, return_exceptions=True)

    def _end(self, kind: Kind) -> None:
        window = self._windows.pop(kind)
        window.timer.cancel()
        if window.unlogged:
            self._log(window)

    def _log(self, window: _Window) -> None:
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
        # If the database is unavailable, only the log has the refusal.
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
