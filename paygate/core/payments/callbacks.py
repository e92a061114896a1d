"""Receive processor callbacks, shopper returns and manual reviews."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Literal

from ..accounts.refusals import Refusal
from ..deps import DeferredNotifications, Deps, run_again_on_conflict
from ..errors import (
    BadSignatureError,
    NoActionError,
    NotFoundError,
    NotInReviewError,
    NotSentError,
    PluginError,
    RowRefusedError,
    UnsupportedError,
)
from ..ids import IdKind
from ..limits import UNSIGNED_ROWS_MAX
from ..outcome import Approved, DeclineCode, Declined, Outcome
from ..plugin_api.processor import RawCallback, Update, Verified
from ..redaction import mask_named, redact
from ..registry import GuardedByHost
from ..senders.rate_limits import RateLimit, Wanted
from ..webhooks.emit import notify_deliveries
from .call import call_context, follow_up_of
from .conclude import apply_in_transaction, apply_update, conclude_operation, store_conflict
from .model import Payment
from .operation import Operation, OperationKind
from .recorded_call import PendingCall, record_call
from .store import CallbackEffect, CallbackResult, ClaimedOperation

Acknowledged = tuple[int, bytes]
SEVERITY: Sequence[CallbackEffect] = ("quarantined", "conflict", "applied", "no_effect")
"""Effects by severity: a callback with several updates is listed with the first."""
NOT_SIGNED = 401
UNSIGNED_ROWS = RateLimit("unsigned-callbacks", UNSIGNED_ROWS_MAX, 3600, is_exact=True)
_SECRET = re.compile(r"secret|token|password|passwd|authori[sz]ation|cookie|api-?key")
"""Names of headers whose value is not stored."""


@dataclass(frozen=True, slots=True)
class ReceiveCallback:
    """A callback, its processor and the sender's address."""

    processor: str
    raw: RawCallback
    ip: str | None = None


async def receive_from_call(processor: str, raw: RawCallback, deps: Deps) -> None:
    """Receive a callback that a simulated processor makes during a call; see ``Receive``."""
    await receive_callback(ReceiveCallback(processor, raw), deps)


async def receive_callback(command: ReceiveCallback, deps: Deps) -> Acknowledged:
    """Process a callback; return the status and body of its response.

    Raises:
        NotFoundError: No such processor, or it supports no callbacks.
    """
    processor = deps.registry.processors.get(command.processor)
    if processor is None or not processor.capabilities.callbacks:
        raise NotFoundError("Processor")
    raw = replace(command.raw, received_at=deps.clock.now())
    try:
        parts = [replace(part, received_at=raw.received_at) for part in processor.split(raw)]
    except PluginError as error:
        await _store_unreadable(command, raw, error, deps)
        return processor.acknowledge(accepted=False)
    accepted = True
    for part in parts:
        try:
            verified = processor.verify(part)
        except BadSignatureError as error:
            reason = "the signature is wrong or missing"
            if await _count_refusal(command, "callback.refused", reason, deps):
                await _store_digest(command.processor, part, "refused", error.reason, deps)
            return NOT_SIGNED, processor.acknowledge(accepted=False)[1]
        except PluginError as error:
            await _store_unreadable(command, part, error, deps)
            accepted = False
            continue
        accepted &= await _record_part(part, verified, processor, deps)
    return processor.acknowledge(accepted=accepted)


async def _store_unreadable(
    command: ReceiveCallback, raw: RawCallback, error: PluginError, deps: Deps
) -> None:
    """Quarantine a callback that the plugin failed on; limited, as its sender is unknown."""
    reason = "the plugin failed before the sender was known"
    if await _count_refusal(command, "callback.unreadable", reason, deps):
        await _store_digest(command.processor, raw, "quarantined", str(error), deps)


async def _count_refusal(command: ReceiveCallback, action: str, reason: str, deps: Deps) -> bool:
    """Log the refusal; return whether it may be stored too. Of a flood the log has the number."""
    deps.refusals.count(Refusal(action, reason, command.ip, subject=command.processor))
    wanted = Wanted(UNSIGNED_ROWS, f"{action}:{command.processor}")
    return (await deps.rates.take([wanted])).is_allowed


async def _store_callback(processor: str, raw: RawCallback, deps: Deps) -> int:
    shown = {name: _masked(name, value) for name, value in raw.headers.items()}
    # No code reads it again. Bytes that are no text stay as they are.
    text = mask_named(raw.body.decode(errors="surrogateescape"))
    masked = replace(raw, headers=shown, body=text.encode(errors="surrogateescape"))
    return await deps.storage.callbacks.add(processor, masked, at=deps.clock.now())


async def _store_digest(
    processor: str, raw: RawCallback, effect: CallbackEffect, reason: str, deps: Deps
) -> None:
    """Store that a callback came, and none of its content."""
    digest = f"{len(raw.body)} bytes, SHA-256 {sha256(raw.body).hexdigest()}"
    row = await deps.storage.callbacks.add(processor, RawCallback({}, b""), at=deps.clock.now())
    await _record_result(row, effect, f"{reason} ({digest})", deps)


def _masked(name: str, value: str) -> str:
    return "[redacted]" if _SECRET.search(name.lower()) else redact(value)


async def _record_result(row: int, effect: CallbackEffect, reason: str, deps: Deps) -> None:
    await deps.storage.callbacks.record_result(row, CallbackResult(effect, redact(reason)))


async def _record_part(
    raw: RawCallback, verified: Verified, processor: GuardedByHost, deps: Deps
) -> bool:
    """Apply a verified callback; return whether the processor need not send it again.

    Its key, its changes and its result are stored together or not at all. After an
    interruption nothing is stored, and a copy of the callback is applied.
    """
    row = await _store_callback(processor.info.id, raw, deps)
    try:
        updates = processor.translate(verified)
    except PluginError as error:
        await _record_result(row, "quarantined", str(error), deps)
        return False
    try:
        await _store(row, verified, updates, processor, deps)
    except RowRefusedError as error:
        await _record_result(row, "quarantined", str(error), deps)
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
            note = CallbackResult("duplicate", f"{verified.key} was received before")
        else:
            note = await _apply(updates, processor, bound)
        # A quarantined callback has changed nothing: a copy of it is processed again.
        key = verified.key if note.effect not in {"duplicate", "quarantined"} else None
        await storage.callbacks.record_result(row, note, key=key)
        deps.reach("before_commit", "callback")
    deps.reach("after_commit", "callback")
    notifications.send_all(deps)


async def _apply(updates: Sequence[Update], processor: GuardedByHost, deps: Deps) -> CallbackResult:
    """Apply all updates of a callback; return the most severe result."""
    if not updates:
        return CallbackResult("no_effect", "it contains no update of an operation")
    # Lock all rows first, in the order in which every transaction locks them.
    await deps.storage.operations.lock([update.operation_id for update in updates])
    notes = [await apply_in_transaction(update, processor, deps) for update in updates]
    most_severe = min(notes, key=lambda note: SEVERITY.index(note.effect))
    for note in notes:
        # One conflict is listed with the callback; store each of the others by itself.
        if note is not most_severe:
            await store_conflict(note, processor, deps)
    return most_severe


@dataclass(frozen=True, slots=True)
class CompleteAction:
    """The data that the shopper's browser returned, unchecked."""

    payment_id: str
    params: Mapping[str, str]


async def complete_action(command: CompleteAction, deps: Deps) -> Payment:
    """Ask the processor for the outcome after the shopper's return; return the payment.

    Raises:
        NotFoundError: No such payment.
        NoActionError: It does not wait for its shopper.
    """
    claimed = await deps.storage.operations.find_charge(command.payment_id)
    if claimed is None:
        raise NotFoundError("Payment")
    processor = deps.registry.processors.get(claimed.operation.processor)
    if claimed.payment.next_action is None or processor is None:
        raise NoActionError
    context, about = call_context(claimed, deps, receive_from_call), follow_up_of(claimed)
    ask = partial(processor.complete_action, about, command.params, context)
    outcome, call = await record_call(PendingCall("complete_action", about, ask), deps.clock)
    # Without a response the outcome stays open; the worker queries it at its due time.
    if not isinstance(outcome, NotSentError):
        update = Update(claimed.operation.id, outcome)
        await apply_update(update, processor, deps, answered_at=call.answered_at)
    if isinstance(outcome, Approved | Declined):
        await deps.storage.operations.store_calls([(claimed.operation, call)])
    after = await deps.storage.payments.get(command.payment_id)
    assert after is not None, "a payment is never deleted"
    return after


NOTE = "cancelled by the shopper"


@dataclass(frozen=True, slots=True)
class CancelAction:
    """The payment that the shopper cancels."""

    payment_id: str


@run_again_on_conflict
async def cancel_action(command: CancelAction, deps: Deps) -> Payment:
    """Cancel a payment that is waiting for shopper action.

    The processor cannot be informed. If it approves after all, that is a late success: the
    payment succeeds, or the money is refunded if the order is paid already.

    Raises:
        NotFoundError: No such payment.
        NoActionError: It does not wait for its shopper.
        UnsupportedError: The processor does not support late approvals.
    """
    charge = await deps.storage.operations.find_charge(command.payment_id)
    if charge is None:
        raise NotFoundError("Payment")
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        (claimed,) = await storage.operations.lock([charge.operation.id])
        processor = _require_cancellable(claimed, deps)
        owner = claimed.payment.merchant_id
        to = (await storage.merchants.destinations([owner]))[owner]
        answer = Declined(DeclineCode.PAYER_REJECTED, retry="same_instrument")
        record = conclude_operation(claimed, answer, to, bound)
        confirm = _confirmation(claimed, deps) if processor.capabilities.query else ()
        record = replace(record, note=NOTE, added=confirm)
        await storage.operations.store([record], at=deps.clock.now())
    notify_deliveries(record.events, deps)
    return record.payment.after


def _confirmation(claimed: ClaimedOperation, deps: Deps) -> tuple[Operation, ...]:
    """Return a query that is due when the shopper can no longer approve.

    The processor was not informed, and its callback may be lost.
    """
    charge, action, now = claimed.operation, claimed.payment.next_action, deps.clock.now()
    confirm = Operation(
        id=deps.ids.new(IdKind.OPERATION, of=f"{charge.id}:{OperationKind.CONFIRM}"),
        payment_id=charge.payment_id,
        merchant_id=charge.merchant_id,
        kind=OperationKind.CONFIRM,
        amount=charge.amount,
        processor=charge.processor,
        state="reserved",
        due_at=max(now, action.expires_at if action is not None else now),
        created_at=now,
        processor_state=charge.processor_state,
    )
    return (confirm,)


def _require_cancellable(claimed: ClaimedOperation, deps: Deps) -> GuardedByHost:
    payment = claimed.payment
    processor = deps.registry.processors.get(claimed.operation.processor)
    if claimed.operation.is_ended or payment.next_action is None:
        raise NoActionError
    takes_late = processor is not None and processor.capabilities.late_success
    # A late hold of a paid order is not released automatically.
    if processor is None or not takes_late or payment.capture_mode == "manual":
        raise UnsupportedError("This payment cannot be cancelled while it waits for its shopper")
    return processor


@dataclass(frozen=True, slots=True)
class ResolveReview:
    """The decision of a manual review.

    Args:
        operation_id: The operation; it must need review.
        verdict: What happened at the processor.
        reason: Why; shown on the timeline.
    """

    operation_id: str
    verdict: Literal["approved", "declined"]
    reason: str


@run_again_on_conflict
async def resolve_review(command: ResolveReview, deps: Deps) -> Payment:
    """Decide an operation of any merchant, on the same path as every outcome.

    Only an operator may do it: a merchant must not declare its own money received.

    Raises:
        NotFoundError: No such operation.
        NotInReviewError: It is decided, or still being processed.
    """
    notifications = DeferredNotifications()
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage, notifier=notifications)
        claimed = await _locked(command, bound)
        operation = claimed.operation
        outcome: Outcome = Declined(DeclineCode.PROCESSING_ERROR)
        if command.verdict == "approved":
            outcome = Approved(f"settled_{operation.id}", operation.amount)
        endpoints = await storage.merchants.destinations([operation.merchant_id])
        record = conclude_operation(claimed, outcome, endpoints[operation.merchant_id], bound)
        note = redact(f"reviewed as {command.verdict}: {command.reason}")
        await storage.operations.store([replace(record, note=note)], at=deps.clock.now())
        notify_deliveries(record.events, bound)
        after = record.payment.after
        if operation.kind is OperationKind.CONFIRM and isinstance(outcome, Approved):
            after = await _update_charge(claimed, outcome, bound)
    notifications.send_all(deps)
    return after


async def _locked(command: ResolveReview, deps: Deps) -> ClaimedOperation:
    """Lock the operation under review, and the charge that a confirmation belongs to."""
    found = await deps.storage.operations.find(command.operation_id)
    if found is None:
        raise NotFoundError("Operation")
    charge = [found.charge.operation_id] if found.charge is not None else []
    locked = await deps.storage.operations.lock([command.operation_id, *charge])
    claimed = next(each for each in locked if each.operation.id == command.operation_id)
    if claimed.operation.state != "needs_review":
        raise NotInReviewError
    return claimed


async def _update_charge(claimed: ClaimedOperation, approved: Approved, deps: Deps) -> Payment:
    """Apply the outcome of a confirmation to its charge."""
    processor = deps.registry.processors.get(claimed.operation.processor)
    if processor is None or claimed.charge is None:
        raise UnsupportedError(f"Processor {claimed.operation.processor} is not installed")
    update = Update(claimed.charge.operation_id, approved)
    await store_conflict(await apply_in_transaction(update, processor, deps), processor, deps)
    after = await deps.storage.payments.get(claimed.payment.id)
    assert after is not None, "a payment is never deleted"
    return after
