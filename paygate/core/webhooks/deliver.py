"""Deliver events to endpoints in batches: claim, deliver, record."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from ..deps import Deps
from ..event import EventType
from ..ids import IdKind
from ..limits import FAILING_MAX, PLUGIN_CALL
from ..plugin_api.plugin import CallContext
from ..plugin_api.retry_policy import Tries
from ..plugin_api.sink import DeliverableEvent, EventSink
from ..plugin_data.records import PluginRecords
from ..queue.lease import Lease
from ..queue.work import Finished, conclude_each
from ..records import WriteResult
from .emit import deliveries_of, notify_deliveries
from .endpoints import sealed_as
from .model import (
    SINK_FAILED,
    Delivery,
    DeliveryResult,
    DisabledReason,
    Endpoint,
    EndpointSettings,
    StoredEvent,
)
from .store import ClaimedDelivery, DeliveryRecord, DeliveryShares, DisabledNotice, Health

HTTP_GONE = 410
"""The status of a receiver that wants no more events."""
DELETED = "endpoint_deleted"
ENDPOINT_AGE_MAX_S = 0.1
"""An endpoint that was read longer ago is read again before an attempt begins.

After a request that disables or deletes an endpoint has its response, attempts begin for
at most this long; an attempt that has begun ends within its own deadline.
"""


@dataclass(frozen=True, slots=True)
class DeliveryJob:
    """A claimed delivery, and its endpoint at the time of the claim.

    Args:
        endpoint: None if it was deleted meanwhile.
        read_at_s: When the endpoint was read, on the monotonic clock.
    """

    claimed: ClaimedDelivery
    endpoint: EndpointSettings | None
    read_at_s: float = field(default_factory=time.monotonic, compare=False)

    @property
    def lease(self) -> Lease:
        """The lease of the delivery."""
        return self.claimed.lease


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt and its result.

    Args:
        took_ms: In milliseconds of real time; the app's clock may be held.
        concerns_endpoint: Whether the result concerns the health of the endpoint.
    """

    result: DeliveryResult
    started_at: datetime
    finished_at: datetime
    took_ms: int
    concerns_endpoint: bool


@dataclass(frozen=True, slots=True)
class DeliveryWork:
    """Processes deliveries; see ``queue.work.Work``."""

    deps: Deps
    worker_id: str
    _probing: set[str] = field(default_factory=set, init=False)
    """Deliveries in progress to endpoints whose breaker is open."""

    async def claim(self, limit: int) -> Sequence[DeliveryJob]:
        """Lease due deliveries, and read their endpoints: addresses change."""
        deps = self.deps
        in_flight_max = deps.policy.deliveries_in_flight
        claimed = await deps.storage.deliveries.claim(
            worker_id=self.worker_id,
            token=deps.ids.uuid(),
            shares=DeliveryShares.of(
                limit, probing=len(self._probing), in_flight_max=in_flight_max
            ),
            now=deps.clock.now(),
            sinks=deps.registry.sinks,
        )
        if not claimed:
            return []
        deps.reach("after_claim", "delivery")
        read_at_s = time.monotonic()
        endpoints = await deps.storage.endpoints.by_ids(
            [claim.delivery.endpoint_id for claim in claimed]
        )
        found = [
            DeliveryJob(claim, endpoints.get(claim.delivery.endpoint_id), read_at_s)
            for claim in claimed
        ]
        if held := [each.lease for each in found if _is_held(each)]:
            # Disabled between the claim and now.
            await deps.storage.deliveries.release_claims(held)
        jobs = [each for each in found if not _is_held(each)]
        self._probing.update(
            each.lease.row_id
            for each in jobs
            if each.endpoint is not None and each.endpoint.breaker_open_since is not None
        )
        return jobs

    async def perform(self, claim: DeliveryJob) -> Attempt | None:
        """Deliver the stored bytes to the sink, once.

        Returns:
            None if the endpoint was changed since the claim: nothing was sent.

        Raises:
            InfrastructureError: The endpoint's secret cannot be opened; nothing was sent.
        """
        try:
            return None if await self._is_outdated(claim) else await self._deliver(claim)
        finally:
            self.forget(claim)

    def forget(self, claim: DeliveryJob) -> None:
        """Stop counting a delivery as one in progress."""
        self._probing.discard(claim.lease.row_id)

    async def _is_outdated(self, claim: DeliveryJob) -> bool:
        if time.monotonic() - claim.read_at_s <= ENDPOINT_AGE_MAX_S:
            return False
        id = claim.claimed.delivery.endpoint_id
        found = await self.deps.storage.endpoints.by_ids([id])
        return _destination(found.get(id)) != _destination(claim.endpoint)

    async def _deliver(self, claim: DeliveryJob) -> Attempt:
        delivery, deps = claim.claimed.delivery, self.deps
        started_at, began_s = deps.clock.now(), time.monotonic()
        sink, concerns_endpoint = deps.registry.sinks[delivery.sink], False
        if claim.endpoint is None:
            result = DeliveryResult(delivered=False, error=DELETED)
        else:
            endpoint = opened(claim.endpoint, deps)
            event = DeliverableEvent(
                delivery.event_id,
                delivery.event_type,
                delivery.body,
                delivery.created_at,
                delivery.payment_id,
            )
            result = await sink.deliver(event, endpoint, _context(delivery, sink, deps))
            deps.reach("after_call", "delivery")
            concerns_endpoint = endpoint.url is not None and getattr(
                sink, "concerns_endpoint", True
            )
        took_ms = round(1000 * (time.monotonic() - began_s))
        return Attempt(result, started_at, deps.clock.now(), took_ms, concerns_endpoint)

    async def record(
        self, finished: Sequence[Finished[DeliveryJob, Attempt | None]]
    ) -> WriteResult:
        """Store the attempts, the next due times, and the deliveries that end."""
        outdated = [each.claim.lease for each in finished if each.result is None]
        if outdated:
            await self.deps.storage.deliveries.release_claims(outdated)
        tried = [Finished(each.claim, each.result) for each in finished if each.result is not None]
        stored = await self._record(tried)
        return replace(stored, stored=stored.stored | {lease.row_id for lease in outdated})

    async def _record(self, finished: Sequence[Finished[DeliveryJob, Attempt]]) -> WriteResult:
        deps = self.deps

        def conclude(each: Finished[DeliveryJob, Attempt]) -> DeliveryRecord:
            return conclude_delivery(each.claim, each.result, deps)

        records, refused = conclude_each(finished, conclude)
        notices = await disabled_notices(finished, deps)
        stored = await deps.storage.deliveries.record(records, notices)
        deps.reach("after_commit", "delivery")
        for record in records:
            if str(record.after.id) in stored.stored:
                deps.metrics.delivery(record.after.status, record.took_ms / 1000)
        notify_deliveries([notice.event for notice in notices], deps)
        return WriteResult(stored.stored, {**stored.refused, **refused})


def opened(endpoint: EndpointSettings, deps: Deps) -> Endpoint:
    """Return the endpoint for sinks, with its secrets in clear.

    Raises:
        InfrastructureError: A secret cannot be opened with the vault's keys.
    """

    def clear(secret: str | None, *, is_sealed: bool) -> str | None:
        if secret is None or not is_sealed:
            return secret
        return deps.vault.open(secret, context=sealed_as(endpoint.id))["secret"]

    return Endpoint(
        id=endpoint.id,
        merchant_id=endpoint.merchant_id,
        url=endpoint.url,
        secret=clear(endpoint.secret, is_sealed=endpoint.is_sealed),
        events=endpoint.events,
        previous_secret=(
            clear(endpoint.previous_secret, is_sealed=endpoint.is_previous_sealed)
            if endpoint.overlaps(deps.clock.now())
            else None
        ),
        sink=endpoint.sink,
    )


def conclude_delivery(claim: DeliveryJob, attempt: Attempt, deps: Deps) -> DeliveryRecord:
    """Return the delivery after an attempt, ready to be stored."""
    delivery, result = claim.claimed.delivery, attempt.result
    is_over = result.delivered or claim.endpoint is None
    wait = None if is_over else _wait(delivery, result, deps)
    return DeliveryRecord(
        claimed=claim.claimed,
        after=delivery.record(result, at=attempt.finished_at, wait=wait),
        result=result,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        took_ms=attempt.took_ms,
        url=claim.endpoint.url if claim.endpoint else None,
        health=_health(claim.endpoint, attempt),
        answered=_is_answered(result),
    )


def _is_answered(result: DeliveryResult) -> bool | None:
    """Return whether the endpoint answered. A sink that failed says nothing about that."""
    if result.error == SINK_FAILED:
        return None
    return result.delivered or result.status_code is not None


def _health(endpoint: EndpointSettings | None, attempt: Attempt) -> Health | None:
    result = attempt.result
    if endpoint is None or not attempt.concerns_endpoint:
        return None
    if result.delivered:
        # Without a failure to reset, the row need not be written.
        return "succeeded" if endpoint.consecutive_failures else None
    return "gone" if result.status_code == HTTP_GONE else "failed"


async def disabled_notices(
    finished: Sequence[Finished[DeliveryJob, Attempt]], deps: Deps
) -> Sequence[DisabledNotice]:
    """Return the events about endpoints that these attempts may disable."""
    disabling: dict[UUID, tuple[EndpointSettings, DisabledReason, datetime]] = {}
    for each in finished:
        endpoint, at = each.claim.endpoint, each.result.finished_at
        health = _health(endpoint, each.result)
        if endpoint is None or endpoint.disabled_at or health not in {"failed", "gone"}:
            continue
        since = endpoint.first_failure_at or at
        known = disabling.get(endpoint.id)
        if health == "gone" or (known and known[1] == "gone"):
            disabling[endpoint.id] = endpoint, "gone", at
        elif at - since >= FAILING_MAX:
            disabling[endpoint.id] = endpoint, "failing", at
    if not disabling:
        return []
    owners = [endpoint.merchant_id for endpoint, _, _ in disabling.values()]
    others = await deps.storage.merchants.destinations(owners)
    return [_notice(*each, others[each[0].merchant_id], deps) for each in disabling.values()]


def _notice(
    endpoint: EndpointSettings,
    reason: DisabledReason,
    at: datetime,
    others: Sequence[Endpoint],
    deps: Deps,
) -> DisabledNotice:
    type = EventType.ENDPOINT_DISABLED
    to = [other for other in others if other.id != endpoint.id]
    event = StoredEvent(
        id=deps.ids.new(IdKind.EVENT),
        merchant_id=endpoint.merchant_id,
        type=type,
        payment_id=None,
        seq=None,
        body=deps.present.endpoint_event(type, endpoint, reason, at),
        created_at=at,
        deliveries=deliveries_of(type, to, deps),
    )
    return DisabledNotice(endpoint.id, event)


def _wait(delivery: Delivery, result: DeliveryResult, deps: Deps) -> timedelta | None:
    tries = Tries(
        count=delivery.attempts + 1,
        last_status_code=result.status_code,
        retry_after=result.retry_after,
    )
    rng = Random(f"{deps.policy.seed}:{delivery.id}:{delivery.attempts}")
    return deps.registry.policies["delivery"].next_delay(tries, now=deps.clock.now(), rng=rng)


def _destination(endpoint: EndpointSettings | None) -> object:
    return endpoint and (
        endpoint.url,
        endpoint.secret,
        endpoint.previous_secret,
        endpoint.disabled_at,
    )


def _is_held(claim: DeliveryJob) -> bool:
    is_disabled = claim.endpoint is not None and claim.endpoint.disabled_at is not None
    return is_disabled and not claim.claimed.delivery.is_manual


def _context(delivery: Delivery, sink: EventSink, deps: Deps) -> CallContext:
    owner = getattr(sink, "owner", delivery.sink)
    return CallContext(
        merchant_id=delivery.merchant_id,
        operation_id=str(delivery.id),
        deadline=PLUGIN_CALL,
        clock=deps.clock,
        rng=Random(f"{deps.policy.seed}:{delivery.id}"),
        http=deps.http,
        logger=deps.logger,
        records=PluginRecords(owner, delivery.merchant_id, deps),
    )
