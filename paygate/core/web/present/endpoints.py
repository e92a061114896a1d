"""Endpoints and what was sent to them, in the wire's words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ...webhooks.endpoints import WithSecret
from ...webhooks.model import Delivery, EndpointSettings
from ...webhooks.recover import Recovered
from ...webhooks.store import Try
from ..wire import endpoints as wire
from .entities import delivery, timestamp


def webhook_endpoint(endpoint: EndpointSettings, now: datetime) -> wire.WebhookEndpoint:
    """A row of ``GET /webhook-endpoints``; never a secret."""
    return {
        "id": str(endpoint.id),
        "url": endpoint.url,
        "description": endpoint.description,
        "events": list(endpoint.events),
        "is_enabled": endpoint.url is not None and endpoint.disabled_at is None,
        "is_default": endpoint.is_default,
        "disabled_reason": endpoint.disabled_reason,
        "disabled_at": _maybe(endpoint.disabled_at),
        "consecutive_failures": endpoint.consecutive_failures,
        "first_failure_at": _maybe(endpoint.first_failure_at),
        "secret_hint": endpoint.secret_hint,
        "previous_secret_until": (
            _maybe(endpoint.previous_until) if endpoint.overlaps(now) else None
        ),
        "created_at": timestamp(endpoint.created_at),
        "updated_at": timestamp(endpoint.updated_at),
    }


def webhook_endpoint_with_secret(made: WithSecret, now: datetime) -> wire.WebhookEndpointWithSecret:
    """The one answer that has the secret."""
    return {**webhook_endpoint(made.endpoint, now), "secret": made.secret}


def endpoint_tested(delivery_id: UUID, event: str, endpoint_id: UUID) -> wire.EndpointTested:
    """``POST /webhook-endpoints/{id}/test``."""
    return {
        "delivery_id": str(delivery_id),
        "event": event,
        "endpoint_id": str(endpoint_id),
    }


def delivery_in_full(
    shown: Delivery, endpoint: EndpointSettings | None, tries: Sequence[Try]
) -> wire.DeliveryInFull:
    """``GET /webhooks/{id}``."""
    return {
        **delivery(shown),
        "event_id": shown.event_id,
        "payment_id": shown.payment_id,
        "endpoint": {"id": str(shown.endpoint_id), "url": endpoint.url if endpoint else None},
        "payload": _payload(shown.body),
        "tries": [_try(each) for each in tries],
    }


def recovered(came: Recovered) -> wire.Recovered:
    """``POST /webhooks/recover``."""
    return {
        "dry_run": came.dry_run,
        "matching": came.matching,
        "resent": came.resent,
        "sample": [delivery(each) for each in came.sample],
        "next_since": _maybe(came.next_since),
    }


def _payload(body: bytes) -> dict[str, object]:
    # Rows made by hand may hold any JSON.
    found = json.loads(body)
    return found if isinstance(found, dict) else {"value": found}


def _try(each: Try) -> wire.Try:
    return {
        "ordinal": each.ordinal,
        "started_at": timestamp(each.started_at),
        "finished_at": timestamp(each.finished_at),
        "took_ms": each.took_ms,
        "url": each.url,
        "request_headers": dict(each.request_headers),
        "status_code": each.status_code,
        "error": each.error,
        "response_body": each.response_body,
    }


def _maybe(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
