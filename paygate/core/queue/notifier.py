"""Notify workers that a queue has due work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Queue = Literal["payments", "refunds", "webhooks"]
"""The queues. A worker serves one or more of them."""
QUEUES: tuple[Queue, ...] = ("payments", "refunds", "webhooks")


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs that a notifier runs for a worker.

    Args:
        queues: The queues that the worker serves.
        process: Claims and processes a batch of due rows of a queue. Returns when the batch
            is done, or after 0.25 s; the rest of the batch continues in the background.
        housekeeping: Deletes expired rows. One worker runs it once a minute.
    """

    queues: Collection[Queue]
    process: Callable[[Queue], Coroutine[Any, Any, None]]
    housekeeping: Callable[[], Coroutine[Any, Any, None]]


class Notifier(Protocol):
    """Wakes workers. Notifications may be lost, doubled or late; the rows are the truth."""

    @property
    def refusal(self) -> str | None:
        """Why a connected Redis accepts no notifications; None if it does."""
        ...

    def notify(self, queue: Queue, row_id: str) -> None:
        """Notify workers that a row of the queue is due. Returns at once and never raises."""
        ...

    async def listen(self, jobs: Jobs) -> None:
        """Run the jobs: ``process`` for each notification, ``housekeeping`` by the clock.

        Runs until it is cancelled. While Redis is unavailable it waits and retries; it does not
        raise and does not spin.
        """
        ...

    async def is_connected(self) -> bool | None:
        """Check whether notifications arrive; None if Redis is not used."""
        ...

    async def close(self) -> None:
        """Send buffered notifications, for at most a second, and close the connection."""
        ...
