"""The contract kit, on the sink."""

from paygate.testing import EventSinkContract
from paygate_webhook_http.sink import WebhookSettings, WebhookSink


class TestWebhookSink(EventSinkContract):
    plugin_id = "webhook_http"

    def make(self, context):
        return WebhookSink(context.config(WebhookSettings))
