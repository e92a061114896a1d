"""A person or a test plays the payer: what they decide reaches us as the processor's callback."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.errors import NoActionError, NotFoundError, UnsupportedError
from ..domain.payment import Payment
from .deps import Deps
from .receive_callback import ReceiveCallback, receive_callback
from .run_operation import follow_up_of


@dataclass(frozen=True, slots=True)
class PlayPayer:
    """What the payer does."""

    payment_id: str
    decision: str


async def play_payer(command: PlayPayer, deps: Deps) -> Payment:
    """Let the simulated processor hear it, and us from it.

    Raises:
        NotFoundError: No such payment.
        NoActionError: It does not wait for its payer.
        UnsupportedError: Its processor has no payer to play.
    """
    claimed = await deps.storage.operations.find_charge(command.payment_id)
    if claimed is None:
        raise NotFoundError("Payment")
    if claimed.payment.next_action is None:
        raise NoActionError
    processor = deps.registry.processors.get(claimed.operation.processor)
    raw = processor and processor.payer_decides(follow_up_of(claimed), command.decision)
    if not raw:
        raise UnsupportedError(f"Processor {claimed.operation.processor} has no payer to play")
    await receive_callback(ReceiveCallback(claimed.operation.processor, raw), deps)
    after = await deps.storage.payments.get(command.payment_id)
    assert after is not None, "a payment is never deleted"
    return after
