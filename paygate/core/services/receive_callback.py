"""A processor calls us.

Split and verified; of what is not signed only a digest is stored. The rest is stored as it
came but for secrets in its headers, then deduplicated, checked and applied. It is
acknowledged when it has been applied: a processor that heard nothing sends it again,
and a callback that was cut short between is applied by its copy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from ..domain.errors import BadSignatureError, NotFoundError, PluginError, RowRefusedError
from ..domain.limits import UNSIGNED_ROWS_MAX
from ..domain.redaction import redact
from ..ports.callbacks import RawCallback, Update, Verified
from ..ports.records import CallbackEffect, CallbackNote
from .apply_update import apply_in_transaction, keep_conflict
from .conflicts import run_again_on_conflict
from .deps import Deps
from .idempotent import DeferredNotifications
from .refusals import Refusal
from .registry import GuardedByHost

Acknowledged = tuple[int, bytes]
WEIGHT: Sequence[CallbackEffect] = ("quarantined", "conflict", "applied", "no_effect")
"""Of a callback with several updates, the result that is noted of it."""

NOT_SIGNED = 401
_SECRET = re.compile(r"secret|token|password|passwd|authori[sz]ation|cookie|api-?key")
"""In the name of a header: its value is not stored."""


@dataclass(frozen=True, slots=True)
class ReceiveCallback:
    """What came, for whom, and from where."""

    processor: str
    raw: RawCallback
    ip: str | None = None


async def receive_callback(command: ReceiveCallback, deps: Deps) -> Acknowledged:
    """Take a callback in; the status and body that its sender wants to see.

    Raises:
        NotFoundError: No such processor, or one that does not call back.
    """
    processor = deps.registry.processors.get(command.processor)
    if processor is None or not processor.capabilities.callbacks:
        raise NotFoundError("Processor")
    raw = replace(command.raw, received_at=deps.clock.now())
    try:
        parts = [replace(part, received_at=raw.received_at) for part in processor.split(raw)]
    except PluginError as error:
        await _keep_unread(command, raw, error, deps)
        return processor.acknowledge(accepted=False)
    accepted = True
    for part in parts:
        try:
            verified = processor.verify(part)
        except BadSignatureError as error:
            reason = "the signature is wrong or missing"
            if _note_stranger(command, "callback.refused", reason, deps) <= UNSIGNED_ROWS_MAX:
                await _keep_digest(command.processor, part, "refused", error.reason, deps)
            return NOT_SIGNED, processor.acknowledge(accepted=False)[1]
        except PluginError as error:
            await _keep_unread(command, part, error, deps)
            accepted = False
            continue
        accepted &= await _take_part(part, verified, processor, deps)
    return processor.acknowledge(accepted=accepted)


async def _keep_unread(
    command: ReceiveCallback, raw: RawCallback, error: PluginError, deps: Deps
) -> None:
    """Quarantine what the plugin failed over; so many of them, as they may be anyone's."""
    reason = "the plugin failed before the sender was known"
    if _note_stranger(command, "callback.unreadable", reason, deps) <= UNSIGNED_ROWS_MAX:
        await _keep_digest(command.processor, raw, "quarantined", str(error), deps)


def _note_stranger(command: ReceiveCallback, action: str, reason: str, deps: Deps) -> int:
    return deps.refusals.note(Refusal(action, reason, command.ip, subject=command.processor))


async def _keep(processor: str, raw: RawCallback, deps: Deps) -> int:
    shown = {name: _masked(name, value) for name, value in raw.headers.items()}
    kept = replace(raw, headers=shown)
    return await deps.storage.callbacks.add(processor, kept, at=deps.clock.now())


async def _keep_digest(
    processor: str, raw: RawCallback, effect: CallbackEffect, reason: str, deps: Deps
) -> None:
    """Store that it came, and nothing of what anyone may have written into it."""
    digest = f"{len(raw.body)} bytes, SHA-256 {sha256(raw.body).hexdigest()}"
    row = await deps.storage.callbacks.add(processor, RawCallback({}, b""), at=deps.clock.now())
    await _note(row, effect, f"{reason} ({digest})", deps)


def _masked(name: str, value: str) -> str:
    return "[redacted]" if _SECRET.search(name.lower()) else redact(value)


async def _note(row: int, effect: CallbackEffect, reason: str, deps: Deps) -> None:
    await deps.storage.callbacks.note(row, CallbackNote(effect, redact(reason)))


async def _take_part(
    raw: RawCallback, verified: Verified, processor: GuardedByHost, deps: Deps
) -> bool:
    """Apply one callback whose sender is certain; whether it need not be sent again.

    Its key, everything it changes and the note of it are stored together or not at all: of
    one that was cut short nothing is left, and its copy is applied.
    """
    row = await _keep(processor.info.id, raw, deps)
    try:
        updates = processor.translate(verified)
    except PluginError as error:
        await _note(row, "quarantined", str(error), deps)
        return False
    try:
        await _store(row, verified, updates, processor, deps)
    except RowRefusedError as error:
        await _note(row, "quarantined", str(error), deps)
        return False
    return True


@run_again_on_conflict
async def _store(
    row: int,
    verified: Verified,
    updates: Sequence[Update],
    processor: GuardedByHost,
    deps: Deps,
) -> None:
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage, notifier=notifications)
        if await storage.callbacks.is_known(processor.info.id, verified.key):
            note = CallbackNote("duplicate", f"{verified.key} came before")
        else:
            note = await _apply(updates, processor, bound)
        # What is quarantined has changed nothing: its copy is looked at again.
        key = verified.key if note.effect not in {"duplicate", "quarantined"} else None
        await storage.callbacks.note(row, note, key=key)
    notifications.send_all(deps)


async def _apply(updates: Sequence[Update], processor: GuardedByHost, deps: Deps) -> CallbackNote:
    """Apply all updates of a callback; the note that matters most of theirs."""
    if not updates:
        return CallbackNote("no_effect", "it says nothing about any operation")
    # All rows first, in the order in which everyone locks them.
    await deps.storage.operations.lock([update.operation_id for update in updates])
    notes = [await apply_in_transaction(update, processor, deps) for update in updates]
    noted = min(notes, key=lambda note: WEIGHT.index(note.effect))
    for note in notes:
        # One is listed with the callback; each of the others by itself.
        if note is not noted:
            await keep_conflict(note, processor, deps)
    return noted
