"""Notify workers that a queue has due work."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, Protocol

Queue = Literal["payments", "refunds", "webhooks"]
"""The queues. A worker serves one or more of them."""
QUEUES: tuple[Queue, ...] = ("payments", "refunds", "webhooks")


class Notifier(Protocol):
    """Wakes workers. A notification may be lost, doubled or late: the rows are the truth."""

    @property
    def refusal(self) -> str | None:
        """Why Redis, which is connected, accepts no notifications; None if it does."""
        ...

    def notify(self, queue: Queue, row_id: str) -> None:
        """Say that a row of the queue is due. Returns at once and never raises."""
        ...

    async def listen(self, wake: Callable[[Queue], None], queues: Collection[Queue]) -> None:
        """Call ``wake`` for every notification about these queues, until cancelled.

        While Redis is away it waits and tries again; it does not raise and does not spin.
        """
        ...

    async def is_connected(self) -> bool | None:
        """Whether notifications arrive at present; None where Redis is not used."""
        ...

    async def close(self) -> None:
        """Send what is buffered, for a second at most, and close the connection."""
        ...
