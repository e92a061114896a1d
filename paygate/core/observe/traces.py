"""Traces: one for each payment, from the request to its webhooks.

A trace is a tree of spans. The span of the request that creates a payment is stored with the
payment, and the workers' spans continue it. Nothing here is used unless ``PAYGATE_TRACES`` is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Literal, Protocol

SpanKind = Literal["server", "client", "consumer", "internal"]
Attributes = Mapping[str, str | int | bool]
"""What a span shows: ids and words of paygate, never what a client or a plugin wrote."""

TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The current span in W3C form (``00-TRACE-SPAN-FLAGS``), which log lines name, or None."""


class Span(Protocol):
    """A span in progress."""

    def set_attribute(self, key: str, value: str | int | bool) -> None:
        """Show a value."""
        ...

    def update_name(self, name: str) -> None:
        """Give it another name."""
        ...


class Traces(Protocol):
    """Where spans are sent. A span that ends with an exception shows its class only."""

    def begin(
        self, name: str, *, kind: SpanKind, parent: str | None, attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """Open a span, the current one and ``TRACEPARENT`` meanwhile.

        Args:
            name: One of few.
            kind: What it is about.
            parent: The span that it continues, in W3C form; a new trace begins if it is None
                or invalid.
            attributes: What it shows.
        """
        ...

    def inside(
        self, name: str, *, kind: SpanKind, attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """Open a span in the current one."""
        ...

    def current(self) -> str | None:
        """Return the current span in W3C form; None if there is none."""
        ...

    def close(self) -> None:
        """Send what has ended, for at most five seconds."""
        ...
