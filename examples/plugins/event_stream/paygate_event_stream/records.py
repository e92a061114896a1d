"""What an event is called in a stream."""

import json

from paygate import DeliverableEvent, Endpoint


def is_for_stream(endpoint: Endpoint) -> bool:
    """Whether an event is to be written on account of that endpoint.

    An event is offered once for each endpoint of its merchant. One of them is the merchant's
    own and always there; the others would write the same once more.
    """
    return endpoint.id == endpoint.merchant_id


def ordered_by(event: DeliverableEvent) -> str:
    """What keeps its order: the events of one payment. An event of none is alone."""
    return event.payment_id or event.id


def as_line(event: DeliverableEvent) -> bytes:
    """The event as a line of JSON. A copy has the same ``id``."""
    said = {
        "id": event.id,
        "type": event.type,
        "key": ordered_by(event),
        "created_at": event.created_at.isoformat(),
        # Not parsed: what was signed for the merchant stays what it was, to the byte.
        "body": event.body.decode(errors="replace"),
    }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"
