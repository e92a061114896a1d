"""The page about webhooks names every event there is."""

from __future__ import annotations

from pathlib import Path

from paygate.core.event import EventType

DOCS = Path(__file__).parents[2] / "docs"


def test_every_event_is_named():
    page = (DOCS / "reference" / "webhooks.md").read_text()

    assert [event for event in EventType if f"`{event}`" not in page] == []
