"""What a processor is handed with a call, and when it wants to be called again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random

from ..domain.ids import IdKind
from ..domain.operation import Operation, OperationKind
from ..ports.callbacks import RawCallback
from ..ports.plugins import CallContext, WakeUp
from ..ports.records import ClaimedOperation
from .deps import Deps


def call_context(claimed: ClaimedOperation, deps: Deps) -> CallContext:
    """What the processor is handed with the call."""
    operation = claimed.operation
    return CallContext(
        merchant_id=operation.merchant_id,
        operation_id=operation.id,
        deadline=deps.plugin_call,
        clock=deps.clock,
        rng=Random(f"{deps.seed}:{operation.id}"),
        http=deps.http,
        logger=deps.logger,
        state=operation.processor_state,
        asked_at=operation.created_at,
        scenario=claimed.payment.scenario,
        call_back=_call_back(operation.processor, deps),
    )


def _call_back(
    processor_id: str, deps: Deps
) -> Callable[[Mapping[str, str], bytes], Awaitable[None]]:
    async def call_back(headers: Mapping[str, str], body: bytes) -> None:
        # The one way callbacks are taken in; it uses what is here, hence so late.
        from .receive_callback import ReceiveCallback, receive_callback  # noqa: PLC0415

        await receive_callback(ReceiveCallback(processor_id, RawCallback(headers, body)), deps)

    return call_back


def wake_ups(
    claimed: ClaimedOperation, wanted: Sequence[WakeUp], deps: Deps
) -> tuple[Operation, ...]:
    """The operations by which a processor is woken."""
    now, asked = deps.clock.now(), claimed.operation
    return tuple(
        Operation(
            id=deps.ids.new(IdKind.OPERATION, of=f"{asked.id}:{now.isoformat()}:{ordinal}"),
            payment_id=asked.payment_id,
            merchant_id=asked.merchant_id,
            kind=OperationKind.WAKE,
            amount=asked.amount,
            processor=asked.processor,
            state="reserved",
            due_at=now + each.after,
            created_at=now,
            processor_state=each.state,
        )
        for ordinal, each in enumerate(wanted)
    )
