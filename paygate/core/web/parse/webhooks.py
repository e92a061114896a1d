"""Endpoints, deliveries and their recovery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from ...accounts.model import Merchant
from ...errors import NotFoundError
from ...limits import PAGE_ROWS_MAX
from ...records import KEEP
from ...webhooks.endpoints import ChangeEndpoint, ConfigureEndpoint, CreateEndpoint, SendTestEvent
from ...webhooks.store import DeliveryFilter, Recovery
from ..wire import endpoints, request_bodies
from .checked import Body, checked, uuid


def endpoint(body: Body, merchant: Merchant) -> ConfigureEndpoint:
    """``PATCH /merchant/webhook`` and its likes."""
    asked = checked(request_bodies.EndpointRequest, body)
    if "webhook_url" not in asked.model_fields_set:
        return ConfigureEndpoint(merchant, KEEP, asked.webhook_secret)
    return ConfigureEndpoint(merchant, asked.webhook_url or None, asked.webhook_secret)


def new_endpoint(body: Body, merchant: Merchant) -> CreateEndpoint:
    """``POST /webhook-endpoints``."""
    asked = checked(endpoints.NewEndpointRequest, body)
    return CreateEndpoint(merchant, asked.url, asked.events, asked.description)


def endpoint_change(body: Body, endpoint_id: UUID, merchant: Merchant) -> ChangeEndpoint:
    """``PATCH /webhook-endpoints/{id}``."""
    asked = checked(endpoints.EndpointChangeRequest, body)
    named = asked.model_fields_set
    return ChangeEndpoint(
        merchant,
        endpoint_id,
        url=asked.url if "url" in named else KEEP,
        events=asked.events if "events" in named else KEEP,
        description=asked.description if "description" in named else KEEP,
    )


def endpoint_id(text: str) -> UUID:
    """The id in ``/webhook-endpoints/{id}``; what is no UUID names no endpoint."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("Endpoint") from None


def endpoint_test(body: Body, endpoint_id: UUID, merchant: Merchant) -> SendTestEvent:
    """``POST /webhook-endpoints/{id}/test``."""
    asked = checked(request_bodies.TestEventRequest, body)
    return SendTestEvent(merchant, asked.event or "", endpoint_id)


def recovery(body: Body, merchant: Merchant, now: datetime) -> tuple[Recovery, bool]:
    """``POST /webhooks/recover``: what is to be sent again, and whether only to look."""
    asked = checked(endpoints.RecoverRequest, body)
    # A moment after now: what was made at this very moment is meant too.
    until = asked.until or now + timedelta(milliseconds=1)
    recovery = Recovery(
        merchant_id=merchant.id,
        since=asked.since,
        until=until,
        statuses=asked.statuses,
        events=asked.events,
        endpoint_id=asked.endpoint_id,
    )
    return recovery, asked.dry_run


def deliveries(query: Mapping[str, str]) -> tuple[int, int, DeliveryFilter]:
    """``?limit=&offset=`` and the filters of ``GET /webhooks``."""
    names = endpoints.DeliveriesQuery.model_fields
    asked = checked(endpoints.DeliveriesQuery, {n: query[n] for n in names if query.get(n)})
    only = DeliveryFilter(asked.status, asked.event, asked.endpoint_id, asked.payment_id)
    return min(asked.limit, PAGE_ROWS_MAX), asked.offset, only


def test_event(body: Body, merchant: Merchant) -> SendTestEvent:
    """``POST /webhooks/test``."""
    return SendTestEvent(merchant, checked(request_bodies.TestEventRequest, body).event or "")


def delivery_id(text: str) -> UUID:
    """The id in ``/webhooks/{id}/retry``."""
    return uuid(text, "Webhook log")
