"""The call of a processor that an operation needs next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from random import Random

from ..deps import Deps
from ..errors import InfrastructureError, NotSentError
from ..outcome import Approved, Outcome
from ..plugin_api.plugin import CallContext
from ..plugin_api.processor import AuthorizeRequest, FollowUp, RawCallback
from ..registry import GuardedByHost
from .model import Order
from .operation import OperationKind
from .recorded_call import PendingCall
from .store import ClaimedOperation

QUERY = "query"
"""The name of a call that asks about an operation."""
AUTHORIZE = "authorize"
"""The name of a call that sends a charge."""


Receive = Callable[[str, RawCallback, Deps], Awaitable[None]]
"""Receives a callback of the processor with that id, like one over HTTP."""


def call_context(claimed: ClaimedOperation, deps: Deps, receive: Receive) -> CallContext:
    """Return the context of a call of a processor.

    Args:
        claimed: The operation that the call is about.
        deps: The app.
        receive: Receives callbacks that a simulated processor makes during the call.
    """
    operation = claimed.operation

    async def call_back(headers: Mapping[str, str], body: bytes) -> None:
        await receive(operation.processor, RawCallback(headers, body), deps)

    return CallContext(
        merchant_id=operation.merchant_id,
        operation_id=operation.id,
        deadline=deps.policy.plugin_call,
        clock=deps.clock,
        rng=Random(f"{deps.policy.seed}:{operation.id}"),
        http=deps.http,
        logger=deps.logger,
        state=operation.processor_state,
        asked_at=operation.created_at,
        scenario=claimed.payment.scenario,
        call_back=call_back,
    )


def pending_call(
    processor: GuardedByHost,
    claimed: ClaimedOperation,
    context: CallContext,
    order: Order | None,
    deps: Deps,
    *,
    is_fresh: bool,
) -> PendingCall:
    """Return the call that sends or queries the operation.

    Args:
        processor: The processor of the operation.
        claimed: The operation and its payment.
        context: Of the call.
        order: The order of a charge, if the processor needs it.
        deps: The app.
        is_fresh: Whether the operation is to be sent, and not queried.

    Raises:
        NotSentError: The sealed secret cannot be opened.
    """
    kind = claimed.operation.kind
    about = follow_up_of(claimed)
    if kind is OperationKind.WAKE:
        return PendingCall("wake", about, lambda: _wake(processor, about, context))
    if kind is OperationKind.CONFIRM:
        charge, of_charge = _about_charge(claimed, context)
        charged = OperationKind.CHARGE
        return PendingCall(QUERY, charge, lambda: processor.query(charged, charge, of_charge))
    if not is_fresh:
        return PendingCall(QUERY, about, lambda: processor.query(kind, about, context))
    if kind is OperationKind.CHARGE:
        request = _request(claimed, order, deps)
        return PendingCall(AUTHORIZE, request, lambda: processor.authorize(request, context))
    follow_up = _follow_up_of_charge(claimed)
    asks = {
        OperationKind.CAPTURE: processor.capture,
        OperationKind.VOID: processor.void,
        OperationKind.REFUND: processor.refund,
    }
    return PendingCall(kind.value, follow_up, lambda: asks[kind](follow_up, context))


async def _wake(processor: GuardedByHost, about: FollowUp, context: CallContext) -> Outcome:
    await processor.wake(about, context)
    return Approved(reference="woken", amount=about.amount)


def _request(claimed: ClaimedOperation, order: Order | None, deps: Deps) -> AuthorizeRequest:
    operation, instrument = claimed.operation, claimed.payment.instrument
    if operation.sealed is not None:
        try:
            secret = deps.vault.open(operation.sealed, context=operation.id)
        except InfrastructureError as error:
            raise NotSentError(str(error)) from error
        instrument = replace(instrument, secret=secret)
    takes = claimed.payment.capture_mode == "automatic"
    return AuthorizeRequest(
        operation.payment_id,
        operation.amount,
        instrument,
        capture=takes,
        order_id=claimed.payment.order_id,
        receipt=order.receipt if order is not None else None,
        notes=order.notes if order is not None else {},
        callback_url=f"{deps.policy.api_url}/api/v1/callbacks/{operation.processor}",
    )


def follow_up_of(claimed: ClaimedOperation) -> FollowUp:
    """Return what a processor needs to know about an operation that was sent."""
    operation = claimed.operation
    return FollowUp(
        payment_id=operation.payment_id,
        operation_id=operation.id,
        amount=operation.amount,
        instrument=claimed.payment.instrument,
        asked_at=operation.created_at,
        reference=operation.reference,
        is_final=operation.is_final,
    )


def _about_charge(claimed: ClaimedOperation, context: CallContext) -> tuple[FollowUp, CallContext]:
    """Return the query of a confirmation: the charge's query, with the charge's id."""
    assert claimed.charge is not None, "a confirmation is about a charge"
    charge, asked_at = claimed.charge, claimed.payment.created_at
    about = replace(
        follow_up_of(claimed),
        operation_id=charge.operation_id,
        reference=charge.reference,
        asked_at=asked_at,
    )
    return about, replace(context, operation_id=charge.operation_id, asked_at=asked_at)


def _follow_up_of_charge(claimed: ClaimedOperation) -> FollowUp:
    """Return the charge to follow; ``context`` names the new operation."""
    follow_up = follow_up_of(claimed)
    if claimed.charge is None:
        return follow_up
    charge = claimed.charge
    return replace(follow_up, operation_id=charge.operation_id, reference=charge.reference)
