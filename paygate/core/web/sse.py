"""Events as ``text/event-stream`` writes them."""

from __future__ import annotations

import re

from ..webhooks.store import FedEvent

MEDIA_TYPE = "text/event-stream"
RETRY_MS = 2000
# What ends a line there, and nothing else does.
_LINE = re.compile(r"\r\n|\r|\n")


def opening(position: int) -> bytes:
    """How soon to come again, and from where even if nothing happens before that."""
    return f"retry: {RETRY_MS}\nid: {position}\n\n".encode()


def frame(event: FedEvent) -> bytes:
    """One event: its cursor, its type and its bytes, each line of them apart."""
    type = _LINE.sub(" ", event.type)
    data = "".join(f"data: {line}\n" for line in _LINE.split(event.body.decode()))
    return f"id: {event.position}\nevent: {type}\n{data}\n".encode()


def comment(text: str) -> bytes:
    """For people and proxies; clients skip it."""
    return f": {text}\n\n".encode()
