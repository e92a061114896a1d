"""The doorbell: a hint that some row wants looking at now."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, Protocol

Queue = Literal["payments", "refunds", "webhooks"]
"""What a worker can be started for: one bell each, so that a ring wakes the right one."""

QUEUES: tuple[Queue, ...] = ("payments", "refunds", "webhooks")


class Bell(Protocol):
    """Wakes workers up. Losing, doubling or delaying a ring is harmless."""

    @property
    def refusal(self) -> str | None:
        """Why the machine behind it, which is connected, takes no rings; None if it does."""
        ...

    def ring(self, queue: Queue, row_id: str) -> None:
        """Say that a row of that queue is due. Returns at once and never raises."""
        ...

    async def listen(self, wake: Callable[[Queue], None], queues: Collection[Queue]) -> None:
        """Call ``wake`` for every ring of these queues that is heard, until cancelled.

        While the machine behind the bell is away it waits and tries again; it
        does not raise and does not spin.
        """
        ...

    async def is_connected(self) -> bool | None:
        """Whether rings can pass at present; None where no machine is involved."""
        ...

    async def close(self) -> None:
        """Send what is buffered, briefly, and let go."""
        ...
