"""A load generator: HTTP/1.1 over connections that stay open, one request at a time on each.

The closed loop keeps every connection busy and measures throughput. The open loop sends at a
fixed rate and measures each latency from the time at which the request was due, so that a
server that stalls is charged for all the requests it kept waiting.
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import cast

HOST = "127.0.0.1"
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
PATIENCE_S = 30.0
DRAIN_S = 5.0
WARM_UP_STEP_S = 0.05


class LoadError(Exception):
    """A server answered otherwise than the load expects, or not at all."""


class LateError(LoadError):
    """A load of a fixed size did not end in time."""


@dataclass(frozen=True)
class Answer:
    """A response: its status code and its body."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One connection, with one request at a time on it."""

    def __init__(self, done: Callable[[Connection, Answer], None]) -> None:
        self._done = done
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self.busy = False
        self.due_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.busy:
            self.busy = False
            self._done(self, Answer(0, f"the connection was lost: {exc}".encode()))

    def send(self, request: bytes, due_s: float) -> None:
        """Send a request; ``due_s`` is the time from which its latency counts."""
        assert self._transport is not None
        self.busy, self.due_s = True, due_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._data + data if self._data else data
        end = data.find(HEAD_END)
        if end < 0:
            self._data = data
            return
        head = data[:end].lower()
        at = head.find(LENGTH)
        if at < 0:
            raise LoadError(f"a response without Content-Length: {data[:end]!r}")
        line_end = head.find(b"\r", at)
        length = int(head[at + len(LENGTH) : line_end if line_end > 0 else None])
        body = end + len(HEAD_END)
        if len(data) < body + length:
            self._data = data
            return
        self._data, self.busy = b"", False
        self._done(self, Answer(int(head[9:12]), data[body:]))

    def close(self) -> None:
        self.busy = False
        if self._transport is not None:
            self._transport.close()


@dataclass
class Measured:
    """What a load saw in its window.

    Attributes:
        seconds: Length of the window.
        latencies_s: Of the requests that ended in the window.
        bodies: Of all responses of the load, in the order in which they came, where asked for.
        ended_s: When each of these came.
        sent: Requests of the whole load.
    """

    seconds: float = 0.0
    sent: int = 0
    latencies_s: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    ended_s: list[float] = field(default_factory=list)

    @property
    def rps(self) -> float:
        """Requests per second."""
        return len(self.latencies_s) / self.seconds if self.seconds else 0.0


@dataclass
class Window:
    """Called at the beginning and at the end of what is measured."""

    opened: Callable[[], None] = lambda: None
    closed: Callable[[], None] = lambda: None


class Generator:
    """Sends requests to one server over a fixed number of connections.

    Args:
        port: The server's, on this machine.
        connections: How many are open.
        expect: The status code that every response must have.
        keep_bodies: Whether to keep the responses' bodies.
    """

    def __init__(
        self, port: int, *, connections: int, expect: int, keep_bodies: bool = False
    ) -> None:
        self._port = port
        self._count = connections
        self._expect = expect
        self._keep_bodies = keep_bodies
        self._connections: list[Connection] = []
        self._measured = Measured()
        self._next: Callable[[Connection], None] = lambda _: None
        self._ended = asyncio.Event()
        self._failure: LoadError | None = None

    async def closed_loop(
        self,
        requests: Iterable[bytes],
        *,
        warm_up_s: float = 0.0,
        warm_up_requests: int = 0,
        warm_up_s_max: float = 10.0,
        window_s: float | None = None,
        window: Window | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Measured:
        """Send requests as fast as they are answered.

        Args:
            requests: Each is sent once. The load ends with the last.
            warm_up_s: How long to send at least before the window opens.
            warm_up_requests: How many requests to send at least until then.
            warm_up_s_max: When the window opens although fewer were sent.
            window_s: Length of the window; None for all requests.
            window: Called around the window.
            patience_s: How long to wait for the end.

        Raises:
            LoadError: A response was not as expected, or did not come.
        """
        left = iter(requests)
        window = window or Window()

        def following(connection: Connection) -> None:
            request = next(left, None)
            if request is None:
                if window_s is not None or not any(each.busy for each in self._connections):
                    self._ended.set()
            else:
                self._measured.sent += 1
                connection.send(request, perf_counter())

        await self._connect(following)
        try:
            for connection in self._connections:
                following(connection)
            if warm_up_s or warm_up_requests:
                await self._warm_up(warm_up_s, warm_up_requests, warm_up_s_max)
            self._measured.latencies_s.clear()
            window.opened()
            began_s = perf_counter()
            await self._wait(patience_s if window_s is None else window_s)
            self._measured.seconds = perf_counter() - began_s
            window.closed()
            if window_s is None and not self._ended.is_set():
                raise LateError(f"no end within {patience_s:.0f} s")
            return await self._drained()
        finally:
            self._close()

    async def open_loop(
        self,
        requests: Sequence[bytes],
        *,
        rate: float,
        warm_up_s: float = 0.0,
        window: Window | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Measured:
        """Send requests at a fixed rate, whether or not the ones before are answered.

        Args:
            requests: Each is sent once.
            rate: Requests per second.
            warm_up_s: Of the beginning, which is not measured.
            window: Called around the window.
            patience_s: How long to wait for the answers to the last requests.

        Raises:
            LoadError: A response was not as expected, or did not come.
        """
        window = window or Window()
        waiting: deque[tuple[bytes, float]] = deque()
        free: list[Connection] = []

        def following(connection: Connection) -> None:
            if waiting:
                connection.send(*waiting.popleft())
            else:
                free.append(connection)

        await self._connect(following)
        free += self._connections
        try:
            began_s = perf_counter()
            opened = False
            for number, request in enumerate(requests):
                due_s = began_s + number / rate
                if (early_s := due_s - perf_counter()) > 0:
                    await asyncio.sleep(early_s)
                if not opened and due_s - began_s >= warm_up_s:
                    opened = True
                    self._measured.latencies_s.clear()
                    window.opened()
                if free:
                    free.pop().send(request, due_s)
                else:
                    waiting.append((request, due_s))
                if self._failure is not None:
                    break
            give_up_s = perf_counter() + patience_s
            while any(each.busy for each in self._connections) and perf_counter() < give_up_s:
                await asyncio.sleep(0.005)
            self._measured.seconds = perf_counter() - began_s - warm_up_s
            window.closed()
            if waiting or any(each.busy for each in self._connections):
                raise LoadError(f"no answers within {patience_s:.0f} s of the last request")
            return await self._drained()
        finally:
            self._close()

    async def _connect(self, following: Callable[[Connection], None]) -> None:
        self._next = following
        loop = asyncio.get_running_loop()
        for _ in range(self._count):
            _, connection = await loop.create_connection(
                lambda: Connection(self._record), HOST, self._port
            )
            self._connections.append(connection)
        # The requests are many objects that live until the end: the collector leaves them alone.
        gc.collect()
        gc.freeze()

    def _record(self, connection: Connection, answer: Answer) -> None:
        if answer.status != self._expect:
            text = answer.body[:300].decode(errors="replace")
            self._failure = LoadError(f"answered {answer.status or 'nothing'}: {text}")
            self._ended.set()
            return
        now_s = perf_counter()
        self._measured.latencies_s.append(now_s - connection.due_s)
        if self._keep_bodies:
            self._measured.bodies.append(answer.body)
            self._measured.ended_s.append(now_s)
        self._next(connection)

    async def _warm_up(self, seconds: float, requests: int, longest_s: float) -> None:
        began_s = perf_counter()
        await self._wait(seconds)
        while self._measured.sent < requests and not self._ended.is_set():
            if perf_counter() - began_s > longest_s:
                break
            await self._wait(WARM_UP_STEP_S)

    async def _wait(self, seconds: float) -> None:
        """Wait so long, or until the requests are used up."""
        try:
            await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            return

    async def _drained(self) -> Measured:
        """Return what was measured, after the answers that were on their way.

        Raises:
            LoadError: A response was not as expected.
        """
        measured, self._measured = self._measured, Measured()
        self._next = lambda _: None
        give_up_s = perf_counter() + DRAIN_S
        while any(each.busy for each in self._connections) and perf_counter() < give_up_s:
            await asyncio.sleep(0.002)
        if self._failure is not None:
            raise self._failure
        return measured

    def _close(self) -> None:
        self._next = lambda _: None
        for connection in self._connections:
            connection.close()
        gc.unfreeze()


def requests_of(
    method: str, path: str, bodies: Iterable[tuple[bytes, dict[str, str]]]
) -> Iterator[bytes]:
    """Yield the bytes of requests that differ in their body and in some headers."""
    start = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    for body, headers in bodies:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        yield f"{start}{lines}{length}\r\n".encode() + body


def repeat(requests: Sequence[bytes], count: int) -> Iterator[bytes]:
    """Yield the requests over and over, ``count`` in all."""

    def cycle() -> Iterator[bytes]:
        while True:
            yield from requests

    return islice(cycle(), count)
