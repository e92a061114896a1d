"""What a shopper has to do before there is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .outcome import ActionKind, ActionRequired


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the shopper has to do before there is an answer.

    Args:
        type: What kind of act.
        expires_at: Until when, in UTC.
        data: What the shopper's page needs to show it.
    """

    type: ActionKind
    expires_at: datetime
    data: Mapping[str, str]

    @classmethod
    def of(cls, outcome: ActionRequired) -> NextAction:
        """The action that a processor requires."""
        return cls(outcome.action, outcome.expires_at, dict(outcome.data))
