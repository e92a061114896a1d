"""The shopper is back from a redirect, a challenge or an app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from ..domain.errors import NoActionError, NotFoundError, NotSentError
from ..domain.outcome import Approved, Declined
from ..domain.payment import Payment
from ..ports.callbacks import Update
from .apply_update import apply_update
from .call_context import call_context
from .deps import Deps
from .recorded_call import Question, recorded
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
    context, about = call_context(claimed, deps), follow_up_of(claimed)
    ask = partial(processor.complete_action, about, command.params, context)
    answer, call = await recorded(Question("complete_action", about, ask), deps.clock)
    # What was not sent nobody knows yet; the worker asks again in its own time.
    if not isinstance(answer, NotSentError):
        await apply_update(Update(claimed.operation.id, answer), processor, deps)
    if isinstance(answer, Approved | Declined):
        await deps.storage.operations.keep_calls([(claimed.operation, call)])
    after = await deps.storage.payments.get(command.payment_id)
    assert after is not None, "a payment is never deleted"
    return after
