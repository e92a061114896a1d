"""A processor calls us.

Stored as it came, then split, verified, known again, checked, applied. It is
acknowledged when it has been applied: a processor that heard nothing sends it again,
and a callback that was cut short between is applied by its copy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from ..domain.errors import BadSignatureError, NotFoundError, PluginError
from ..domain.operation import OperationKind
from ..domain.outcome import Approved, Declined, Outcome, Released
from ..domain.redaction import redact
from ..ports.callbacks import RawCallback, Update
from ..ports.records import CallbackEffect, CallbackNote, ClaimedOperation, OperationRecord
from ..ports.storage import Storage
from .deps import Deps
from .events import payment_events, ring_deliveries
from .idempotent import DeferredBell
from .late_success import take_late_success
from .registry import GuardedByHost
from .run_operation import conclude_operation

Acknowledged = tuple[int, bytes]
Keep = Callable[[Storage, CallbackNote], Awaitable[None]]

NOT_SIGNED = 401


@dataclass(frozen=True, slots=True)
class ReceiveCallback:
    """What came, and for whom."""

    processor: str
    raw: RawCallback


async def receive_callback(command: ReceiveCallback, deps: Deps) -> Acknowledged:
    """Take a callback in; the status and body that its sender wants to see.

    Raises:
        NotFoundError: No such processor, or one that does not call back.
    """
    processor = deps.registry.processors.get(command.processor)
    if processor is None or not processor.capabilities.callbacks:
        raise NotFoundError("Processor")
    raw = replace(command.raw, received_at=deps.clock.now())
    row = await _keep(command.processor, raw, deps)
    try:
        parts = [replace(part, received_at=raw.received_at) for part in processor.split(raw)]
    except PluginError as error:
        await _note(row, "quarantined", str(error), deps)
        return processor.acknowledge(accepted=False)
    accepted = True
    for ordinal, part in enumerate(parts):
        # The first part of a batch is noted on the row of the whole.
        own = row if ordinal == 0 else await _keep(command.processor, part, deps)
        try:
            accepted &= await _take_part(own, part, processor, deps)
        except BadSignatureError as error:
            await _note(own, "refused", error.reason, deps)
            return NOT_SIGNED, processor.acknowledge(accepted=False)[1]
    return processor.acknowledge(accepted=accepted)


async def _keep(processor: str, raw: RawCallback, deps: Deps) -> int:
    return await deps.storage.callbacks.add(processor, raw, at=deps.clock.now())


async def _note(row: int, effect: CallbackEffect, reason: str, deps: Deps) -> None:
    await deps.storage.callbacks.note(row, CallbackNote(effect, redact(reason)))


async def _take_part(row: int, raw: RawCallback, processor: GuardedByHost, deps: Deps) -> bool:
    """Verify and apply one callback; whether its sender need not send it again.

    Raises:
        BadSignatureError: Nobody we know has sent it.
    """
    try:
        verified = processor.verify(raw)
        before = await deps.storage.callbacks.know_again(row, processor.info.id, verified.key)
        if before is not None and before != "received":
            await _note(row, "duplicate", f"{verified.key} came before", deps)
            return True
        updates = processor.translate(verified)
    except BadSignatureError:
        raise
    except PluginError as error:
        await _note(row, "quarantined", str(error), deps)
        return False
    is_copy = before is not None

    async def keep(storage: Storage, note: CallbackNote) -> None:
        if is_copy:
            # Its first was cut short, or is being applied at this very moment.
            await storage.callbacks.note_first(processor.info.id, verified.key, note)
            note = replace(note, effect="duplicate")
        await storage.callbacks.note(row, note)

    for update in updates:
        await apply_update(update, processor, deps, keep)
    return True


async def _keep_nothing(_storage: Storage, _note: CallbackNote) -> None:
    """For what came in another way than by callback."""


async def apply_update(
    update: Update, processor: GuardedByHost, deps: Deps, keep: Keep = _keep_nothing
) -> None:
    """Bring what a callback says into the books, through the one path that answers take.

    The operation's row is locked from reading to writing, so of copies that arrive at
    once each sees what the one before it did; a worker that is asking meanwhile loses
    its lease and asks again, or finds it decided.

    Args:
        update: What it says.
        processor: Who says it.
        deps: The app.
        keep: Notes what became of it, in the same transaction.
    """
    rings = DeferredBell()
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage, bell=rings)
        claimed = await storage.operations.take(update.operation_id, token=deps.ids.uuid())
        await keep(storage, await _apply(claimed, update, processor, bound))
    rings.pass_on(deps)


async def _apply(
    claimed: ClaimedOperation | None, update: Update, processor: GuardedByHost, deps: Deps
) -> CallbackNote:
    if claimed is None or claimed.operation.processor != processor.info.id:
        if claimed is not None:
            await deps.storage.operations.hand_back([claimed.lease])
        return CallbackNote("quarantined", f"no operation {update.operation_id} of theirs")
    names = {"operation_id": claimed.operation.id, "payment_id": claimed.payment.id}
    try:
        outcome = processor.checked(update, claimed.operation.amount, claimed.operation.kind)
    except PluginError as error:
        await deps.storage.operations.hand_back([claimed.lease])
        return CallbackNote("quarantined", redact(error.reason), **names)
    effect, reason = await _settle(claimed, outcome, processor, deps)
    return CallbackNote(effect, redact(reason), **names)


async def _settle(
    claimed: ClaimedOperation, outcome: Outcome, processor: GuardedByHost, deps: Deps
) -> tuple[CallbackEffect, str]:
    operation = claimed.operation
    if isinstance(outcome, Released):
        return await _release(claimed, outcome, deps)
    if operation.is_ended and operation.state != "needs_review":
        return await _after_the_end(claimed, outcome, processor, deps)
    endpoints = await deps.storage.merchants.destinations([operation.merchant_id])
    record = conclude_operation(claimed, outcome, endpoints[operation.merchant_id], deps)
    stored = await deps.storage.operations.record([record], at=deps.clock.now())
    assert stored.won, "the rows are locked, so nothing can have moved"
    ring_deliveries(record.events, deps)
    return "applied", ""


async def _after_the_end(
    claimed: ClaimedOperation, outcome: Outcome, processor: GuardedByHost, deps: Deps
) -> tuple[CallbackEffect, str]:
    """A decided operation hears more: the same again, nothing definite, or the opposite."""
    operation = claimed.operation
    said = {Approved: "succeeded", Declined: "failed"}.get(type(outcome))
    if said is None or said == operation.state:
        await deps.storage.operations.hand_back([claimed.lease])
        return "no_effect", f"the {operation.kind} is {operation.state} already"
    if isinstance(outcome, Approved) and processor.capabilities.late_success:
        return await take_late_success(claimed, outcome, deps)
    await deps.storage.operations.hand_back([claimed.lease])
    return "conflict", f"the {operation.kind} is {operation.state}, and now it {said}"


async def _release(
    claimed: ClaimedOperation, released: Released, deps: Deps
) -> tuple[CallbackEffect, str]:
    """The hold of an approved charge has expired; one that was taken or voided has not."""
    operation, payment = claimed.operation, claimed.payment
    if operation.kind is not OperationKind.CHARGE or payment.status != "authorized":
        await deps.storage.operations.hand_back([claimed.lease])
        return "no_effect", f"nothing is held: the payment is {payment.status}"
    now = deps.clock.now()
    change = payment.release_hold(at=now)
    endpoints = await deps.storage.merchants.destinations([payment.merchant_id])
    events = payment_events(change, endpoints[payment.merchant_id], deps)
    record = OperationRecord(claimed, operation, change, events, note=redact(released.reason))
    stored = await deps.storage.operations.record([record], at=now)
    assert stored.won, "the rows are locked, so nothing can have moved"
    ring_deliveries(events, deps)
    return "applied", released.reason
