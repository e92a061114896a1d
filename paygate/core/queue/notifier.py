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
    """The jobs of a worker, for its notifier to run.

    Args:
        queues: The queues that the worker serves.
        process: Claims a batch of due rows of a queue and works on it. Returns when the
            batch is done, or after 0.25 s; what is left is done by itself.
        housekeeping: Deletes what has expired. Once a minute is enough, by any worker.
    """

    queues: Collection[Queue]
    process: Callable[[Queue], Coroutine[Any, Any, None]]
    housekeeping: Callable[[], Coroutine[Any, Any, None]]


class Notifier(Protocol):
    """Wakes workers. A notification may be lost, doubled or late: the rows are the truth."""

    @property
    def refusal(self) -> str | None:
        """Why Redis, which is connected, accepts no notifications; None if it does."""
        ...

    def notify(self, queue: Queue, row_id: str) -> None:
        """Say that a row of the queue is due. Returns at once and never raises."""
        ...

    async def listen(self, jobs: Jobs) -> None:
        """Run the jobs: ``process`` for each notification, ``housekeeping`` by the clock.

        Runs until it is cancelled. While Redis is away it waits and tries again; it does not
        raise and does not spin.
        """
        ...

    async def is_connected(self) -> bool | None:
        """Whether notifications arrive at present; None where Redis is not used."""
        ...

    async def close(self) -> None:
        """Send what is buffered, for a second at most, and close the connection."""
        ...
