"""The shopper is back from a redirect, a challenge or an app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..domain.errors import NoActionError, NotFoundError, NotSentError
from ..domain.payment import Payment
from ..ports.callbacks import Update
from .apply_update import apply_update
from .call_context import call_context
from .deps import Deps
from .run_operation import follow_up_of


@dataclass(frozen=True, slots=True)
class CompleteAction:
    """What came back with the shopper, unchecked."""

    payment_id: str
    params: Mapping[str, str]


async def complete_action(command: CompleteAction, deps: Deps) -> Payment:
    """Ask the processor what became of the charge; the payment as it is then.

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
    context = call_context(claimed, deps)
    try:
        outcome = await processor.complete_action(follow_up_of(claimed), command.params, context)
        await apply_update(Update(claimed.operation.id, outcome), processor, deps)
    except NotSentError:
        # Nobody knows yet; the worker asks again in its own time.
        pass
    after = await deps.storage.payments.get(command.payment_id)
    assert after is not None, "a payment is never deleted"
    return after
