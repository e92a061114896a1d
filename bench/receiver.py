"""A merchant's server that receives webhooks, in the process of the load generator."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import cast

from .load import HOST

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
PAYMENT = re.compile(rb'"(pay_[A-Za-z0-9]{16})"')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
EVENT = re.compile(rb"\r\nwebhook-id: *(\w+)", re.IGNORECASE)
SIGNATURE = re.compile(rb"\r\nx-webhook-signature: *(\w+)", re.IGNORECASE)
# Checking every signature would cost the receiver more than it costs the sender.
CHECK_EVERY = 100


class Receiver:
    """Records when the first webhook of each payment arrived.

    Args:
        secret: Signs the webhooks; empty to check no signature.
        by_event: Whether to remember events, by the header that has their ids, and not payments.

    Attributes:
        url: Where it listens.
        arrived_s: When the first webhook of each payment came.
        received: How many webhooks came.
        hangs: Whether it answers nothing, like a server that is stuck.
    """

    def __init__(self, secret: str = "", *, by_event: bool = False, hangs: bool = False) -> None:
        self.secret = secret
        self._by_event = by_event
        self.hangs = hangs
        self.url = ""
        self.arrived_s: dict[bytes, float] = {}
        self.received = 0
        self.wrong_signatures = 0
        self._expected = 0
        self._complete = asyncio.Event()

    def expect(self, payments: int) -> None:
        """Forget everything, and wait for webhooks of so many payments."""
        self.arrived_s.clear()
        self.received = self.wrong_signatures = 0
        self._expected = payments
        self._complete.clear()

    async def until_complete(self, patience_s: float) -> bool:
        """Wait for the expected payments; return whether all came in time."""
        try:
            await asyncio.wait_for(self._complete.wait(), patience_s)
        except TimeoutError:
            return False
        return True

    def take(self, head: bytes, body: bytes) -> None:
        """Count one webhook."""
        found = EVENT.search(head) if self._by_event else PAYMENT.search(body)
        if found is None:
            return
        self.received += 1
        if self.secret and self.received % CHECK_EVERY == 1:
            self._check(head, body)
        if found[1] not in self.arrived_s:
            self.arrived_s[found[1]] = perf_counter()
            if len(self.arrived_s) >= self._expected:
                self._complete.set()

    def _check(self, head: bytes, body: bytes) -> None:
        found = SIGNATURE.search(head)
        expected = hmac.new(self.secret.encode(), body, "sha256").hexdigest()
        if found is None or found[1].decode() != expected:
            self.wrong_signatures += 1


class _Connection(asyncio.Protocol):
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._data = data = self._data + data if self._data else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(data, 0, end)
            after = end + 4 + (int(length[1]) if length else 0)
            if len(data) < after:
                break
            self._receiver.take(data[:end], data[end + 4 : after])
            if not self._receiver.hangs:
                self._transport.write(ANSWER)
            data = data[after:]
        self._data = data

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def open_receiver(receiver: Receiver) -> AsyncIterator[Receiver]:
    """Let a receiver listen."""
    loop = asyncio.get_running_loop()
    connections: list[_Connection] = []

    def accept() -> _Connection:
        connections.append(_Connection(receiver))
        return connections[-1]

    server = await loop.create_server(accept, HOST, 0)
    receiver.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
        for connection in connections:
            connection.close()
