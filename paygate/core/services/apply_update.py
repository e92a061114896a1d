"""What a processor says unasked, or too late for the worker that asked, brought into the books.

Callbacks, returning shoppers, and answers about operations that a worker has lost all take
this path. The operation and its payment are locked first and read after that, so of several
that come at once each sees what the one before it did.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from ..domain.errors import ConflictError, PluginError
from ..domain.operation import OperationKind
from ..domain.outcome import Approved, Declined, Outcome, Released, Unknown
from ..domain.redaction import redact
from ..ports.callbacks import Update
from ..ports.records import CallbackEffect, CallbackNote, ClaimedOperation, OperationRecord
from .conclude_operation import conclude_operation
from .conflicts import run_again_on_conflict
from .deps import Deps
from .events import notify_deliveries, payment_events
from .idempotent import DeferredNotifications
from .late_success import return_part, take_late_refund, take_late_success
from .registry import GuardedByHost

log = logging.getLogger(__name__)

REASON_CHARS_MAX = 1000


@run_again_on_conflict
async def apply_update(update: Update, processor: GuardedByHost, deps: Deps) -> CallbackNote:
    """Apply an update in a transaction of its own.

    Args:
        update: What it says.
        processor: Who says it.
        deps: The app.

    Returns:
        What became of it.
    """
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage, notifier=notifications)
        note = await apply_in_transaction(update, processor, bound)
        await keep_conflict(note, processor, bound)
    notifications.send_all(deps)
    return note


async def keep_conflict(note: CallbackNote, processor: GuardedByHost, deps: Deps) -> None:
    """Keep a conflict for operators to look at: there is no callback that they would find."""
    if note.effect != "conflict":
        return
    assert note.payment_id is not None, "a conflict is about a payment"
    assert note.operation_id is not None, "a conflict is about an operation"
    await deps.storage.attention.add_conflict(
        at=deps.clock.now(),
        processor=processor.info.id,
        payment_id=note.payment_id,
        operation_id=note.operation_id,
        reason=(note.reason or "")[:REASON_CHARS_MAX],
    )


async def apply_in_transaction(
    update: Update, processor: GuardedByHost, deps: Deps
) -> CallbackNote:
    """Apply an update in the transaction that ``deps.storage`` is bound to."""
    locked = await deps.storage.operations.lock([update.operation_id])
    claimed = locked[0] if locked else None
    if claimed is None or claimed.operation.processor != processor.info.id:
        return CallbackNote("quarantined", f"no operation {update.operation_id} of theirs")
    names = {"operation_id": claimed.operation.id, "payment_id": claimed.payment.id}
    try:
        outcome = processor.checked(update, claimed.operation.amount, claimed.operation.kind)
    except PluginError as error:
        return CallbackNote("quarantined", redact(error.reason), **names)
    try:
        effect, reason = await _settle(claimed, outcome, processor, deps)
    except ConflictError as error:
        # Nothing was written yet: conclusions come before writes.
        effect, reason = "conflict", str(error)
    if effect == "conflict":
        log.warning(
            "conflict: operation %s of payment %s: %s",
            claimed.operation.id,
            claimed.payment.id,
            reason,
        )
    return CallbackNote(effect, redact(reason), **names)


async def _settle(
    claimed: ClaimedOperation, outcome: Outcome, processor: GuardedByHost, deps: Deps
) -> tuple[CallbackEffect, str]:
    operation = claimed.operation
    is_definite = isinstance(outcome, Approved | Declined | Released)
    if isinstance(outcome, Unknown):
        return "no_effect", f"it says nothing of the {operation.kind}: {outcome.reason}"
    if operation.is_untold:
        return "quarantined", f"the {operation.kind} was not sent to the processor yet"
    if isinstance(outcome, Released) and not _is_undecided_charge(claimed):
        return await _release(claimed, outcome, deps)
    if operation.is_ended and operation.state != "needs_review":
        return await _after_the_end(claimed, outcome, processor, deps)
    if operation.state == "needs_review" and not is_definite:
        return "no_effect", f"the {operation.kind} is under review, and this decides nothing"
    await _store(claimed, outcome, deps)
    return "applied", ""


def _is_undecided_charge(claimed: ClaimedOperation) -> bool:
    is_charge = claimed.operation.kind is OperationKind.CHARGE
    return is_charge and claimed.payment.status in {"processing", "unknown"}


async def _store(claimed: ClaimedOperation, outcome: Outcome, deps: Deps) -> None:
    operation = claimed.operation
    endpoints = await deps.storage.merchants.destinations([operation.merchant_id])
    record = conclude_operation(claimed, outcome, endpoints[operation.merchant_id], deps)
    await deps.storage.operations.store([record], at=deps.clock.now())
    await return_part(record, endpoints[operation.merchant_id], deps)
    notify_deliveries(record.events, deps)


async def _after_the_end(
    claimed: ClaimedOperation, outcome: Outcome, processor: GuardedByHost, deps: Deps
) -> tuple[CallbackEffect, str]:
    """A decided operation hears more: the same again, nothing definite, or the opposite."""
    operation, stored = claimed.operation, claimed.payment.amount_authorized
    said = {Approved: "succeeded", Declined: "failed"}.get(type(outcome))
    if isinstance(outcome, Approved) and operation.kind is OperationKind.CHARGE:
        if operation.state == "failed":
            return await take_late_success(claimed, outcome, processor, deps)
        if outcome.amount != stored:
            now = f"now {outcome.amount} is approved"
            return "conflict", f"the charge succeeded with {stored}, and {now}"
    if said is None or said == operation.state:
        return "no_effect", f"the {operation.kind} is {operation.state} already"
    if isinstance(outcome, Approved) and operation.kind is OperationKind.REFUND:
        return await take_late_refund(claimed, outcome, deps)
    return "conflict", f"the {operation.kind} is {operation.state}, and now it {said}"


async def _release(
    claimed: ClaimedOperation, released: Released, deps: Deps
) -> tuple[CallbackEffect, str]:
    """The hold of an approved charge has ended; one that was taken or voided has not."""
    operation, payment = claimed.operation, claimed.payment
    is_held = payment.status in {"authorized", "capturing", "voiding"}
    if operation.kind is not OperationKind.CHARGE or not is_held:
        return "no_effect", f"nothing is held: the payment is {payment.status}"
    now = deps.clock.now()
    change = payment.release_hold(at=now)
    endpoints = await deps.storage.merchants.destinations([payment.merchant_id])
    events = payment_events(change, endpoints[payment.merchant_id], deps)
    record = OperationRecord(claimed, operation, change, events, note=redact(released.reason))
    await deps.storage.operations.store([record], at=now)
    notify_deliveries(events, deps)
    return "applied", released.reason
