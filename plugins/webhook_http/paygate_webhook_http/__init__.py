"""Delivers events to merchants as signed HTTP requests."""

from collections.abc import Iterable

from paygate import EventSink, PluginContext, hookimpl

from .sink import WebhookSettings, WebhookSink


@hookimpl
def paygate_event_sinks(context: PluginContext) -> Iterable[EventSink]:
    """Offer ``webhook_http``."""
    return [WebhookSink(context.config(WebhookSettings))]
