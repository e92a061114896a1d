"""Record actions in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ..deps import Deps
from ..limits import IP_CHARS_MAX
from ..redaction import names_a_secret, redact_text
from .model import Actor, AuditEntry, Caller

SYSTEM = Actor("system", "paygate", "command line")
SUBJECT_CHARS_MAX = 255


@dataclass(frozen=True, slots=True)
class AuditedAction:
    """An action for the audit log.

    Args:
        action: The resource and the verb, such as ``refund.create``.
        subject: The id of the resource.
        detail: Useful values, as scalars.
    """

    action: str
    subject: str = ""
    detail: Mapping[str, Any] | None = None


async def record_audit(
    done: AuditedAction, actor: Actor, merchant_id: UUID, deps: Deps, *, ip: str | None = None
) -> None:
    """Add an entry to the log, in the transaction that ``deps`` is bound to."""
    entry = AuditEntry(
        merchant_id=merchant_id,
        at=deps.clock.now(),
        actor=actor,
        action=done.action,
        subject=done.subject[:SUBJECT_CHARS_MAX],
        ip=ip[:IP_CHARS_MAX] if ip else None,
        detail=_without_secrets(done.detail or {}),
    )
    await deps.storage.audit.add(entry)


def actor_of(caller: Caller) -> Actor:
    """Return the caller as the actor of an entry."""
    return Actor(caller.kind, caller.id, caller.label)


def _without_secrets(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _redacted(value) for name, value in detail.items() if not names_a_secret(name)}


def _redacted(value: Any) -> Any:
    if isinstance(value, list):
        return [_redacted(each) for each in value]
    return redact_text(value) if isinstance(value, str) else value
