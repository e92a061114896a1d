"""Stream events to the clients of this process as they are stored."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from uuid import UUID

from ..errors import InfrastructureError, InvalidInputError, TooManyError
from ..limits import (
    CURSOR_MAX,
    FOLLOWER_EVENTS_MAX,
    FOLLOWERS_OF_MERCHANT_MAX,
    FOLLOWERS_OF_PROCESS_MAX,
)
from .store import FedEvent, FeedRepository

log = logging.getLogger(__name__)
POLL_EVERY_S = 0.2

# The reader stays for clients that reconnect.
IDLE_POLLS_MAX = 25
ROWS_MAX = 200
WRITERS_POLL_S = 0.005
WRITERS_POLL_MAX_S = 0.25

# How long a new stream waits for long transactions before it is refused.
START_WITHIN_S = 3.0
LOG_STALLED_AFTER_S = 5.0

# How long an ended stream may still send its buffer.
END_WITHIN_S = 2.0


class Follower:
    """The bounded buffer of one stream. It belongs to the task that creates it.

    Args:
        merchant_id: Events of this merchant.
        position: Position of the last event that was sent.
    """

    def __init__(self, merchant_id: UUID, position: int) -> None:
        self.merchant_id = merchant_id
        self.position = position
        self.is_too_slow = False
        self.is_over = False
        self._waiting: list[FedEvent] = []
        self._changed = asyncio.Event()
        self._served_by = asyncio.current_task()
        self._cut: asyncio.TimerHandle | None = None

    def buffer(self, event: FedEvent) -> None:
        """Buffer an event; end the stream if its buffer is full."""
        if self.is_over or event.position <= self.position:
            return
        if len(self._waiting) >= FOLLOWER_EVENTS_MAX:
            self.is_too_slow = True
            self.end()
            return
        self._waiting.append(event)
        self._changed.set()

    def end(self) -> None:
        """Buffer no more events; the buffered ones may still be sent."""
        self.is_over = True
        self._changed.set()
        # A client that does not read at all would not notice the end.
        if self._served_by is not None and self._cut is None:
            self._cut = asyncio.get_running_loop().call_later(END_WITHIN_S, self._served_by.cancel)

    def leave(self) -> None:
        """Mark the stream as closed, so that it is not cancelled."""
        if self._cut is not None:
            self._cut.cancel()

    async def read(self, *, within_s: float) -> Sequence[FedEvent]:
        """Return buffered events in order; empty after a timeout or at the end."""
        if not self._waiting and not self.is_over:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._changed.wait()
        batch, self._waiting = self._waiting, []
        self._changed.clear()
        if batch:
            self.position = batch[-1].position
        return batch


class LiveEvents:
    """All event streams of one process.

    Args:
        feed: The source of events.
    """

    def __init__(self, feed: FeedRepository) -> None:
        self._feed = feed
        self._followers: set[Follower] = set()
        self._joining: Counter[UUID] = Counter()
        # Every event up to here was buffered for every stream.
        self._position: int | None = None
        self._reading = asyncio.Lock()
        self._placed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self.is_closed = False
        """Whether this process is stopping."""
        self.is_held = False
        """Whether a long transaction delays events."""

    async def check(self, merchant_id: UUID, cursor: str | None) -> int | None:
        """Check whether a merchant may open a stream; return the cursor as a position.

        Raises:
            InvalidInputError: The cursor is invalid.
            TooManyError: The merchant has the maximum number of streams.
            InfrastructureError: The process has the maximum number of streams, or is stopping.
        """
        self._check_room(merchant_id)
        await self._find_position()
        if cursor is None:
            return None
        # Python accepts digits of other scripts; cursors contain ASCII digits.
        is_valid = cursor.isascii() and cursor.isdigit() and int(cursor) <= CURSOR_MAX
        if not is_valid or int(cursor) > await self._feed.head():
            raise InvalidInputError("cursor is not a cursor of this stream", field="cursor")
        return int(cursor)

    def _check_room(self, merchant_id: UUID) -> None:
        if self.is_closed:
            raise InfrastructureError("event streams are closed, because this process is stopping")
        if self._joining[merchant_id] >= FOLLOWERS_OF_MERCHANT_MAX:
            raise TooManyError(f"at most {FOLLOWERS_OF_MERCHANT_MAX} open streams are allowed")
        if self._joining.total() >= FOLLOWERS_OF_PROCESS_MAX:
            raise InfrastructureError("too many open event streams on this server")

    @asynccontextmanager
    async def following(self, merchant_id: UUID, position: int | None) -> AsyncIterator[Follower]:
        """Open a stream with every event after a position; without one, with new events.

        Raises:
            TooManyError: See ``check``.
            InfrastructureError: The database is unavailable, or see ``check``.
        """
        self._check_room(merchant_id)
        self._joining[merchant_id] += 1
        follower: Follower | None = None
        try:
            start = await self._find_position()
            follower = Follower(merchant_id, start if position is None else position)
            yield follower
        finally:
            self._joining[merchant_id] -= 1
            if follower is not None:
                self._followers.discard(follower)
                follower.leave()

    async def batches(
        self, follower: Follower, *, quiet_s: float
    ) -> AsyncIterator[Sequence[FedEvent]]:
        """Yield the events of a stream in order, until it ends.

        Args:
            follower: A stream of ``following``.
            quiet_s: After this time without an event, an empty batch is yielded.

        Raises:
            InfrastructureError: The database became unavailable while it caught up.
        """
        while missed := await self._find_missed(follower):
            follower.position = missed[-1].position
            yield missed
        await self._join(follower)
        while True:
            batch = await follower.read(within_s=quiet_s)
            if not batch and follower.is_over:
                return
            yield batch

    async def _find_missed(self, follower: Follower) -> Sequence[FedEvent]:
        upto = await self._find_position()
        return await self._feed.between(
            [follower.merchant_id], after=follower.position, upto=upto, limit=ROWS_MAX
        )

    async def _join(self, follower: Follower) -> None:
        # No event is sent meanwhile, so that a new stream misses none.
        async with self._reading:
            while missed := await self._find_missed(follower):
                for event in missed:
                    follower.buffer(event)
                follower.position = missed[-1].position
            self._followers.add(follower)
            if self.is_closed:
                follower.end()

    def close(self) -> None:
        """End every stream, and open no more."""
        self.is_closed = True
        self._end_all()
        if self._reader is not None:
            self._reader.cancel()

    def _end_all(self) -> None:
        for follower in self._followers:
            follower.end()
        self._followers.clear()

    async def _find_position(self) -> int:
        """Return the position up to which events were sent; start the reader if needed."""
        if self._reader is None or self._reader.done():
            self._placed.clear()
            # An empty context: it reads for all streams, not for one request.
            loop = asyncio.get_running_loop()
            self._reader = loop.create_task(self._read(), context=Context())
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await self._placed.wait()
        except TimeoutError:
            raise InfrastructureError(
                "the stream waits for a long transaction that writes events"
            ) from None
        assert self._position is not None, "the reader has set the position"
        return self._position

    async def _read(self) -> None:
        self._position, alone = None, 0
        try:
            while alone < IDLE_POLLS_MAX:
                await self._poll_safely()
                await asyncio.sleep(POLL_EVERY_S)
                alone = 0 if self._joining.total() else alone + 1
        finally:
            # Clients of this reader reconnect, and start another one.
            self._end_all()

    async def _poll_safely(self) -> None:
        try:
            await self._poll()
        except InfrastructureError as error:
            log.debug("streams: %s", error)
        except Exception:
            # All streams of this process depend on the reader.
            log.exception("streams: reading events failed")

    async def _poll(self) -> None:
        head = await self._feed.head()
        if head == self._position:
            return
        await self._until_written()
        if self._position is None:
            self._position = head
        self._placed.set()
        while self._position < head:
            self._position = await self._send_page(self._position, head)

    async def _send_page(self, after: int, head: int) -> int:
        async with self._reading:
            by_merchant: dict[UUID, list[Follower]] = defaultdict(list)
            for follower in self._followers:
                by_merchant[follower.merchant_id].append(follower)
            events = await self._feed.between(by_merchant, after=after, upto=head, limit=ROWS_MAX)
            for event in events:
                for follower in by_merchant[event.merchant_id]:
                    follower.buffer(event)
            self._position = events[-1].position if len(events) == ROWS_MAX else head
            return self._position

    async def _until_written(self) -> None:
        """Wait for the transactions that write now; later ones do not matter."""
        began_s, wait_s = time.monotonic(), WRITERS_POLL_S
        writers = await self._feed.writers()
        try:
            while writers:
                if not self.is_held and time.monotonic() - began_s > LOG_STALLED_AFTER_S:
                    self.is_held = True
                    log.warning("streams wait for a transaction that writes events: %s", writers)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, WRITERS_POLL_MAX_S)
                writers &= await self._feed.writers()
        finally:
            self.is_held = False
