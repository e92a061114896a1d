"""Configure structured logging with redaction."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import structlog

from .core.ids import REQUEST_ID
from .core.observe.traces import TRACEPARENT
from .core.plugin_api.plugin import Logger
from .core.redaction import MASK, mask_named, names_a_secret, redact

Event = MutableMapping[str, Any]


def redact_event(_logger: object, _method: str, event: Event) -> Event:
    """Redact card numbers and secrets in a log entry."""
    for name, value in event.items():
        event[name] = MASK if names_a_secret(name) and name != "event" else _clean(value)
    return event


def _clean(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of value
    match value:
        case str():
            return mask_named(value)
        case bytes():
            return mask_named(value.decode(errors="replace"))
        case Mapping():
            return {
                mask_named(str(name)): MASK if names_a_secret(str(name)) else _clean(inner)
                for name, inner in value.items()
            }
        case list() | tuple():
            return [_clean(inner) for inner in value]
        case None | bool():
            return value
        case int() | float():
            # A number may be a card number too, whatever its sign or its decimals.
            return value if redact(str(value)) == str(value) else MASK
        case _:
            return mask_named(str(value))


def add_request_id(_logger: object, _method: str, event: Event) -> Event:
    """Add the id of the request that is being answered."""
    if (request_id := REQUEST_ID.get()) is not None:
        event.setdefault("request_id", request_id)
    return event


def add_trace_ids(_logger: object, _method: str, event: Event) -> Event:
    """Add the ids of the current span and its trace, if traces are made."""
    if (span := TRACEPARENT.get()) is not None:
        _, trace_id, span_id, _ = span.split("-")
        event.setdefault("trace_id", trace_id)
        event.setdefault("span_id", span_id)
    return event


def configure_logging(*, level: str, format: str) -> None:
    """Route the log lines of paygate and of libraries through one redacting handler."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_request_id,
        add_trace_ids,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
    ]
    render: Any = (
        structlog.processors.JSONRenderer()
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact_event,
            render,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # SAQ warns about every normal stop; no notification can be lost by it.
    for noisy, least in (
        ("saq", logging.ERROR),
        ("tortoise", logging.WARNING),
        # It logs a trace for every lost connection; paygate logs one line instead.
        ("asyncpg", logging.ERROR),
    ):
        logging.getLogger(noisy).setLevel(max(least, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> Logger:
    """Return a structured logger."""
    return cast("Logger", structlog.stdlib.get_logger(name))
