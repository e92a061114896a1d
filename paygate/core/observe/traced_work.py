"""The work of a queue worker in traces: a span for each claimed row continues its payment's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from ..deps import Deps
from ..errors import InfrastructureError
from ..payments.process import CallResult, Job
from ..queue.work import ClaimT, Finished, ResultT, Work
from ..records import WriteResult
from ..webhooks.deliver import Attempt, DeliveryJob
from .traces import Attributes, Traces


@dataclass(frozen=True, slots=True)
class Described:
    """What the span of a claimed row shows.

    Args:
        name: The span's name.
        payment_id: Its payment; None without one.
        attributes: Its attributes.
    """

    name: str
    payment_id: str | None
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class TracedWork(Generic[ClaimT, ResultT]):
    """Implements ``Work`` around other work.

    Args:
        work: Does the work.
        traces: Where the spans are sent.
        read: Returns the stored spans of payments.
        describe: Returns what a claimed row is.
        show: Returns what is shown of a result.
    """

    work: Work[ClaimT, ResultT]
    traces: Traces
    read: Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]
    describe: Callable[[ClaimT], Described]
    show: Callable[[ResultT], Attributes]
    _parents: dict[str, str] = field(default_factory=dict, init=False)
    """Row id → span that created its payment."""

    async def claim(self, limit: int) -> Sequence[ClaimT]:
        """See ``Work``."""
        claims = await self.work.claim(limit)
        about = {claim.lease.row_id: self.describe(claim) for claim in claims}
        payments = {row_id: each.payment_id for row_id, each in about.items() if each.payment_id}
        wanted = sorted(set(payments.values()))
        try:
            stored = await self.read(wanted) if wanted else {}
        except InfrastructureError:
            # The rows are leased, and worked on without their trace.
            return claims
        for row_id, payment_id in payments.items():
            if payment_id in stored:
                self._parents[row_id] = stored[payment_id]
        return claims

    async def perform(self, claim: ClaimT) -> ResultT:
        """See ``Work``."""
        about, parent = self.describe(claim), self._parents.pop(claim.lease.row_id, None)
        with self.traces.begin(
            about.name, kind="consumer", parent=parent, attributes=about.attributes
        ) as span:
            result = await self.work.perform(claim)
            for name, value in self.show(result).items():
                span.set_attribute(name, value)
            return result

    async def record(self, finished: Sequence[Finished[ClaimT, ResultT]]) -> WriteResult:
        """See ``Work``."""
        return await self.work.record(finished)


def traced_operations(work: Work[Job, CallResult], deps: Deps) -> Work[Job, CallResult]:
    """Return the work with a span for each operation, if there are traces."""
    if deps.traces is None:
        return work
    read = deps.storage.payments.traceparents
    return TracedWork(work, deps.traces, read, _operation, _outcome)


def traced_deliveries(
    work: Work[DeliveryJob, Attempt | None], deps: Deps
) -> Work[DeliveryJob, Attempt | None]:
    """Return the work with a span for each attempt of a delivery, if there are traces."""
    if deps.traces is None:
        return work
    read = deps.storage.payments.traceparents
    return TracedWork(work, deps.traces, read, _delivery, _attempt)


def _operation(job: Job) -> Described:
    operation = job.claimed.operation
    attributes = {
        "paygate.payment_id": operation.payment_id,
        "paygate.operation_id": operation.id,
        "paygate.processor": operation.processor,
    }
    return Described(operation.kind.value, operation.payment_id, attributes)


def _outcome(result: CallResult) -> Attributes:
    return {} if result.outcome is None else {"paygate.outcome": type(result.outcome).__name__}


def _delivery(job: DeliveryJob) -> Described:
    delivery = job.claimed.delivery
    attributes: dict[str, Any] = {
        "paygate.event_id": delivery.event_id,
        "paygate.delivery_id": str(delivery.id),
        "paygate.attempt": delivery.attempts + 1,
    }
    if delivery.payment_id is not None:
        attributes["paygate.payment_id"] = delivery.payment_id
    return Described(f"deliver {delivery.event_type}", delivery.payment_id, attributes)


def _attempt(attempt: Attempt | None) -> Attributes:
    return {} if attempt is None else {"paygate.delivered": attempt.result.delivered}
