"""The records of a stream."""

import json

from paygate import DeliverableEvent, Endpoint


def is_for_stream(endpoint: Endpoint) -> bool:
    """Check whether an event is written for this endpoint.

    An event is offered once for each endpoint of its merchant. Only the merchant's default
    endpoint counts; the others would write it again.
    """
    return endpoint.id == endpoint.merchant_id


def ordered_by(event: DeliverableEvent) -> str:
    """Return the ordering key: the payment of the event, or the event itself."""
    return event.payment_id or event.id


def as_line(event: DeliverableEvent) -> bytes:
    """Return the event as a line of JSON. A duplicate has the same ``id``."""
    record = {
        "id": event.id,
        "type": event.type,
        "key": ordered_by(event),
        "created_at": event.created_at.isoformat(),
        # Not parsed: the signed bytes must not change.
        "body": event.body.decode(errors="replace"),
    }
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
