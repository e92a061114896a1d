"""Claim, deliver, record: events on their way to merchants, in sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from ..domain.delivery import Delivery, DeliveryResult
from ..domain.endpoint import Endpoint
from ..domain.lease import Lease
from ..domain.limits import PLUGIN_CALL
from ..ports.plugins import CallContext, DeliverableEvent
from ..ports.records import ClaimedDelivery, DeliveryRecord, Stored
from ..ports.retry import Tries
from .deps import Deps
from .dispatch import Settled, conclude_each


@dataclass(frozen=True, slots=True)
class ToDeliver:
    """A delivery this worker holds, and where it goes as of this claim."""

    claimed: ClaimedDelivery
    endpoint: Endpoint

    @property
    def lease(self) -> Lease:
        """The right to work on it."""
        return self.claimed.lease


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try and what came of it."""

    result: DeliveryResult
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryWork:
    """See ``dispatch.Work``."""

    deps: Deps
    worker_id: str

    async def claim(self, limit: int) -> Sequence[ToDeliver]:
        """Lease due deliveries, and read where they go: addresses change."""
        deps = self.deps
        claimed = await deps.storage.deliveries.claim(
            worker_id=self.worker_id, token=deps.ids.uuid(), limit=limit, now=deps.clock.now()
        )
        if not claimed:
            return []
        owners = [claim.delivery.merchant_id for claim in claimed]
        endpoints = await deps.storage.merchants.endpoints(owners)
        return [ToDeliver(claim, _endpoint(claim.delivery, endpoints)) for claim in claimed]

    async def perform(self, claim: ToDeliver) -> Attempt:
        """Hand the frozen bytes to the sink, once."""
        delivery = claim.claimed.delivery
        started_at = self.deps.clock.now()
        sink = self.deps.registry.sinks.get(delivery.sink)
        if sink is None:
            result = DeliveryResult(delivered=False, error="sink_not_installed")
        else:
            event = DeliverableEvent(
                delivery.event_id, delivery.event_type, delivery.body, delivery.created_at
            )
            result = await sink.deliver(event, claim.endpoint, _context(delivery, self.deps))
        return Attempt(result, started_at, self.deps.clock.now())

    async def record(self, settled: Sequence[Settled[ToDeliver, Attempt]]) -> Stored:
        """Store the attempts and when the next ones are due."""

        def conclude(each: Settled[ToDeliver, Attempt]) -> DeliveryRecord:
            return conclude_delivery(each.claim.claimed, each.answer, self.deps)

        records, refused = conclude_each(settled, conclude)
        stored = await self.deps.storage.deliveries.record(records)
        return Stored(stored.won, {**stored.refused, **refused})


def conclude_delivery(claimed: ClaimedDelivery, attempt: Attempt, deps: Deps) -> DeliveryRecord:
    """What an attempt makes of the delivery, ready to be stored."""
    delivery, result = claimed.delivery, attempt.result
    wait = None if result.delivered else _wait(delivery, result, deps)
    after = delivery.record(result, at=attempt.finished_at, wait=wait)
    return DeliveryRecord(claimed, after, result, attempt.started_at, attempt.finished_at)


def _wait(delivery: Delivery, result: DeliveryResult, deps: Deps) -> timedelta | None:
    tries = Tries(
        count=delivery.attempts + 1,
        last_status_code=result.status_code,
        retry_after=result.retry_after,
    )
    rng = Random(f"{deps.seed}:{delivery.id}:{delivery.attempts}")
    return deps.registry.policies["delivery"].next_delay(tries, now=deps.clock.now(), rng=rng)


def _endpoint(delivery: Delivery, endpoints: Mapping[UUID, Endpoint]) -> Endpoint:
    found = endpoints.get(delivery.endpoint_id)
    return found or Endpoint(delivery.endpoint_id, delivery.merchant_id, url=None, secret=None)


def _context(delivery: Delivery, deps: Deps) -> CallContext:
    return CallContext(
        merchant_id=delivery.merchant_id,
        operation_id=str(delivery.id),
        deadline=PLUGIN_CALL,
        clock=deps.clock,
        rng=Random(f"{deps.seed}:{delivery.id}"),
        http=deps.http,
        logger=deps.logger,
    )
