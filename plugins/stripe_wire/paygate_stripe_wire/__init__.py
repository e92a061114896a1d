"""A Stripe-shaped API, and webhooks in that shape."""

from collections.abc import Iterable

from paygate import EventSink, WireDialect, hookimpl

from .dialect import dialect
from .samples import SAMPLES
from .sink import StripeSink

__all__ = ["StripeSink", "dialect", "paygate_dialects", "paygate_event_sinks"]

paygate_check_samples = SAMPLES


@hookimpl
def paygate_dialects() -> Iterable[WireDialect]:
    """Serve the API under ``/wire/stripe``."""
    return [dialect()]


@hookimpl
def paygate_event_sinks() -> Iterable[EventSink]:
    """Deliver webhooks to endpoints that name the sink ``stripe_wire``."""
    return [StripeSink()]
