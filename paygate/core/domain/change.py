"""A state and its events are one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from .event import Event

Entity = TypeVar("Entity")


@dataclass(frozen=True, slots=True)
class Change(Generic[Entity]):
    """What a domain method decided: the new state and what to tell about it.

    Storage accepts a ``Change`` and nothing else, so that nobody can store a new
    state and forget to say so.
    """

    after: Entity
    events: tuple[Event, ...] = ()
