"""Floods beside a paying customer: the customer's waits, and what the gateway keeps."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.harness.apps import KEYS

from .corpus import BOMB, FIELDS, STATUS
from .corpus import KEYS as RAW_KEYS
from .site import Site

CUSTOMER_PERIOD_S = 0.05
CONNECTIONS = 16
SILENT, STREAMS = 300, 60
Make = Callable[[int], bytes]


@dataclass
class Flooded:
    """What happened during a flood.

    Attributes:
        name: Of the flood.
        sent: Requests of the attackers a second.
        answers: Their answers by status.
        waits_ms: How long the customer waited for each payment, from when it was due to be sent.
        failures: The customer's requests that were not accepted.
        memory_mib: How much the API grew, in MiB.
        stored_mib: How much the database grew, in MiB.
    """

    name: str
    sent: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    waits_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    memory_mib: float = 0.0
    stored_mib: float = 0.0

    def percentile(self, share: float) -> float:
        """Return how long the customer waited at most in this share of the payments, in ms."""
        waits = sorted(self.waits_ms) or [0.0]
        return round(waits[min(len(waits) - 1, int(len(waits) * share))], 1)

    def figures(self) -> dict[str, object]:
        """Return the figures of a report."""
        return {
            "flood": self.name,
            "attacks_per_s": round(self.sent),
            "answers": dict(sorted(self.answers.items())),
            "customer_payments": len(self.waits_ms),
            "customer_failures": len(self.failures),
            "customer_p50_ms": self.percentile(0.5),
            "customer_p99_ms": self.percentile(0.99),
            "api_growth_mib": round(self.memory_mib, 1),
            "database_growth_mib": round(self.stored_mib, 1),
        }


def _post(path: str, body: bytes, *, address: str, keys: bytes = b"") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-Forwarded-For: {address}\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + keys + b"\r\n" + body


def _address(number: int) -> str:
    return f"203.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


def sign_in(number: int) -> bytes:
    """Return a sign-in with a wrong password: each from another address, for ten accounts."""
    body = {"email": f"owner{number % 10}@shop.example", "password": "wrong horse battery"}
    return _post("/api/v1/session", json.dumps(body).encode(), address=_address(number))


def sign_in_from_one(number: int) -> bytes:
    """Return a sign-in with a wrong password: all from one address."""
    body = {"email": f"owner{number}@shop.example", "password": "wrong horse battery"}
    return _post("/api/v1/session", json.dumps(body).encode(), address="198.51.100.7")


def callback(number: int) -> bytes:
    """Return an unsigned callback of a processor."""
    body = json.dumps({"id": f"cb_{number}", "status": "approved", "more": "x" * 200}).encode()
    return _post("/api/v1/callbacks/upi_sim", body, address=_address(number))


TEXTS = [(path, name) for path, names in FIELDS.items() for name in names]


def long_text(number: int) -> bytes:
    """Return a request with a text that makes a careless pattern slow, in every field in turn."""
    path, name = TEXTS[number % len(TEXTS)]
    body = json.dumps({**dict.fromkeys(FIELDS[path], "x"), name: BOMB}).encode()
    return _post(path, body, address=_address(number), keys=RAW_KEYS)


FLOODS: dict[str, tuple[Make, int]] = {
    "sign-ins from many addresses": (sign_in, 1_000),
    "sign-ins from one address": (sign_in_from_one, 1_000),
    "unsigned callbacks": (callback, 1_000),
    "long texts": (long_text, 100),
}
"""Name -> the requests of a flood, and how many are sent a second."""


async def customer(site: Site, flooded: Flooded, until_s: float) -> None:
    """Pay twenty times a second until then, whatever happens."""
    due_s = time.monotonic()
    waiting: set[asyncio.Task[None]] = set()
    headers = {**KEYS, "X-Forwarded-For": "192.0.2.1"}
    async with aiohttp.ClientSession(site.client.base, headers=headers) as session:
        while due_s < until_s:
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            task = asyncio.create_task(_pay(session, due_s, flooded))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
            due_s += CUSTOMER_PERIOD_S
        await asyncio.gather(*waiting)


async def _pay(session: aiohttp.ClientSession, due_s: float, flooded: Flooded) -> None:
    try:
        async with session.post("/api/v1/orders", json={"amount": 50_000}) as response:
            order = await response.json()
        paid = {"order_id": order["id"], "method": "upi", "vpa": "asha@paytm"}
        async with session.post("/api/v1/payments", json=paid) as response:
            if response.status != 201:
                flooded.failures.append(f"{response.status} {(await response.text())[:200]}")
    except (aiohttp.ClientError, TimeoutError, KeyError) as error:
        flooded.failures.append(repr(error))
    flooded.waits_ms.append((time.monotonic() - due_s) * 1000)


async def attackers(port: int, make: Make, rate: int, flooded: Flooded, until_s: float) -> None:
    """Send requests at a rate over a few connections until then."""
    numbers, began_s = itertools.count(), time.monotonic()

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while time.monotonic() < until_s:
                number = next(numbers)
                await asyncio.sleep(max(0.0, began_s + number / rate - time.monotonic()))
                writer.write(make(number))
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                status = STATUS.match(head)
                flooded.answers[status[1].decode() if status else "unreadable"] += 1
                if b"connection: close" in head.lower():
                    writer.close()
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
        finally:
            writer.close()

    async def keep_sending() -> None:
        while time.monotonic() < until_s:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await send()

    await asyncio.gather(*(keep_sending() for _ in range(CONNECTIONS)))
    flooded.sent += flooded.answers.total() / (time.monotonic() - began_s)


@asynccontextmanager
async def held_connections(port: int) -> AsyncIterator[None]:
    """Hold silent connections, and streams of events that are not read."""
    stream = b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n" + RAW_KEYS + b"\r\n"
    writers: list[asyncio.StreamWriter] = []
    try:
        for number in range(SILENT + STREAMS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writers.append(writer)
            if number >= SILENT:
                # Its buffer is full at once, so what comes later stays with the gateway.
                writer.write(stream)
                del reader
        yield
    finally:
        for writer in writers:
            writer.close()


async def flood(site: Site, name: str, seconds: float) -> Flooded:
    """Run one flood, or no flood or all of them."""
    flooded = Flooded(name)
    chosen = {"none": [], "all": list(FLOODS.values())}.get(name)
    memory, stored = site.memory_mib(), await site.stored_bytes()
    async with contextlib.AsyncExitStack() as stack:
        if name in {"all", "held connections"}:
            await stack.enter_async_context(held_connections(site.port))
        if chosen is None:
            chosen = [FLOODS[name]] if name in FLOODS else []
        until_s = time.monotonic() + seconds
        await asyncio.gather(
            customer(site, flooded, until_s),
            *(attackers(site.port, make, rate, flooded, until_s) for make, rate in chosen),
        )
    flooded.memory_mib = site.memory_mib() - memory
    flooded.stored_mib = (await site.stored_bytes() - stored) / 2**20
    return flooded
