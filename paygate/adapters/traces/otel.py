"""The ``Traces`` port with the SDK of OpenTelemetry. Imported only if traces are on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.trace import Span, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ...core.observe.traces import TRACEPARENT, Attributes, SpanKind

KINDS: dict[SpanKind, trace.SpanKind] = {
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "consumer": trace.SpanKind.CONSUMER,
    "internal": trace.SpanKind.INTERNAL,
}
TO_FILE = "file:"
HEADER = "traceparent"
# A collector that is away delays the end of a process by at most this long.
CLOSE_S = 5.0


def open_traces(exporter: str, *, version: str) -> OpenTelemetryTraces:
    """Return the traces of a process.

    Args:
        exporter: ``otlp``, configured by the variables ``OTEL_*``; or ``file:PATH``.
        version: The version of paygate.

    Raises:
        OSError: The file cannot be written.
    """
    if exporter.startswith(TO_FILE):
        file = FileExporter(Path(exporter.removeprefix(TO_FILE)))
        return OpenTelemetryTraces(SimpleSpanProcessor(file), version=version)
    return OpenTelemetryTraces(BatchSpanProcessor(OTLPSpanExporter()), version=version)


class FileExporter(SpanExporter):
    """Appends each span to a file, as JSON on a line.

    Several processes may share the file: a line is written at once.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            os.write(self._file, f"{span.to_json(indent=None)}\n".encode())
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        os.close(self._file)


class OpenTelemetryTraces:
    """Implements ``Traces``.

    Args:
        processor: Receives the spans that have ended.
        version: The version of paygate.
    """

    def __init__(self, processor: SpanProcessor, *, version: str) -> None:
        own = Resource({"service.name": "paygate", "service.version": version})
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
        resource = own.merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("paygate", version)
        self._w3c = TraceContextTextMapPropagator()

    @contextmanager
    def begin(
        self, name: str, *, kind: SpanKind, parent: str | None, attributes: Attributes
    ) -> Iterator[Span]:
        context = Context()
        if parent is not None:
            context = self._w3c.extract({HEADER: parent}, context)
        with self._opened(name, kind, attributes, context) as span:
            yield span

    @contextmanager
    def inside(self, name: str, *, kind: SpanKind, attributes: Attributes) -> Iterator[Span]:
        with self._opened(name, kind, attributes, None) as span:
            yield span

    @contextmanager
    def _opened(
        self, name: str, kind: SpanKind, attributes: Attributes, context: Context | None
    ) -> Iterator[Span]:
        # The message of an exception may hold anything, so only its class is shown.
        with self._tracer.start_as_current_span(
            name,
            context,
            KINDS[kind],
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            token = TRACEPARENT.set(self.current())
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise
            finally:
                TRACEPARENT.reset(token)

    def current(self) -> str | None:
        carrier: dict[str, str] = {}
        self._w3c.inject(carrier)
        return carrier.get(HEADER)

    def close(self) -> None:
        closing = Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_S)
