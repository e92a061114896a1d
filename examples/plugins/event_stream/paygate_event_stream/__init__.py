"""Writes every event to a file, to Kafka, or to both."""

from collections.abc import Iterable
from os import getpid
from pathlib import Path
from tempfile import gettempdir

from paygate import EventSink, PluginContext, hookimpl

from .file_sink import FileSink
from .kafka_sink import KafkaSink, aiokafka_producer
from .settings import StreamSettings


@hookimpl
def paygate_event_sinks(context: PluginContext) -> Iterable[EventSink]:
    """Offer ``event_file`` and ``event_kafka``, if they are configured."""
    settings = context.config(StreamSettings)
    if settings.file is not None:
        yield FileSink(settings.file, settings.file_bytes_max, settings.files_kept)
    if settings.kafka:
        yield KafkaSink(settings.topic, aiokafka_producer(settings.kafka))


# Samples for `paygate plugin check event_stream`.
paygate_check_samples = {
    "environ": {
        "PAYGATE_EVENT_STREAM_FILE": str(Path(gettempdir(), f"paygate-check-{getpid()}.jsonl"))
    },
}
