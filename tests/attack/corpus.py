"""Hostile requests as raw bytes, which no client library would send.

The same seed makes the same list.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

# Documented in the API's document or answered by the server before a route is found.
STATUSES = frozenset(
    {200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 415, 417, 422, 429, 431}
)

# The server ends a request's head after 5 seconds and its body after 10.
PATIENCE_S = 20.0
AT_ONCE = 16
KEYS = b"X-Api-Key: key_test_abc123\r\nX-Api-Secret: secret_test_xyz789\r\n"
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
BOMB = "a" * 30_000 + "!"
TEXTS = (
    BOMB,
    "x@" + "a." * 10_000,
    "((((((((((" * 2_000,
    " " * 30_000 + "x",
    "'; DROP TABLE payments; --",
    "%s%s%s%n{0.__class__}",
    "\u202eevil\u200b\ufeff",
    "\x00",
    "\ud800",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "0" * 400,
    "-0",
    "1e999",
    "",
)
FIELDS: dict[str, tuple[str, ...]] = {
    "/api/v1/orders": ("amount", "currency", "receipt", "notes", "capture"),
    "/api/v1/payment-links": ("amount", "currency", "description", "expires_at"),
    "/api/v1/payments": ("order_id", "method", "vpa", "card", "return_url"),
    "/api/v1/payments/public": ("order_id", "method", "vpa", "client_secret"),
    "/api/v1/refunds": ("payment_id", "amount", "reason"),
    "/api/v1/session": ("email", "password"),
    "/api/v1/webhooks/config": ("webhook_url", "webhook_secret"),
    "/api/v1/webhook-endpoints": ("url", "description", "events"),
    "/api/v1/webhooks/recover": ("since", "until", "statuses"),
    "/api/v1/keys": ("label", "role", "expires_at"),
    "/api/v1/team": ("email", "role", "password"),
    "/api/v1/callbacks/upi_sim": ("id", "payload"),
}
LISTS = ("orders", "payment-links", "payments", "refunds", "webhooks", "audit", "payments/list")
QUERIES = ("limit", "offset", "cursor", "status", "from", "to", "search", "payment_id", "event")
BODIES = (
    b"[" * 30_000,
    b'{"a":' * 10_000,
    b'{"amount":1,"amount":50000}',
    b'{"amount":NaN}',
    b'{"amount":' + b"9" * 5_000 + b"}",
    b'{"amount":50000.0}',
    b'{"amount":1e400}',
    b'{"amount":true}',
    b'{"amount":"50000"}',
    b'{"amount":9223372036854775808}',
    b'{"amount":-1}',
    b'\xef\xbb\xbf{"amount":50000}',
    b'{"amount":50000}\x00',
    b'{"amount":50000} trailing',
    b'{"receipt":"\xff\xfe"}',
    b'{"receipt":"\\ud800"}',
    b'{"__proto__":{"amount":1}}',
    b"null",
    b"[]",
    b'"text"',
    b"",
    b"\x1f\x8b\x08\x00",
    b"x" * 70_000,
)
LINES = (
    b"GET / HTTP/0.9",
    b"GET / HTTP/2.0",
    b"GET / HTTP/9.9",
    b"GET /",
    b"get /health HTTP/1.1",
    b"G\x00ET / HTTP/1.1",
    b"GET /\x00 HTTP/1.1",
    b"GET /%00 HTTP/1.1",
    b"GET /%ff%fe HTTP/1.1",
    b"GET /%c0%ae%c0%ae/ HTTP/1.1",
    b"GET /../../etc/passwd HTTP/1.1",
    b"GET //evil.example/%2f.. HTTP/1.1",
    b"GET http://evil.example/ HTTP/1.1",
    b"CONNECT evil.example:443 HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"TRACE / HTTP/1.1",
    b"PRI * HTTP/2.0",
    b"BREW /health HTTP/1.1",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1",
    b"GET /health?" + b"a=1&" * 5_000 + b" HTTP/1.1",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00" * 100,
    b"GET  /health  HTTP/1.1",
    b"GET /health HTTP/1.1 extra",
)
HEADERS = (
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: 5, 5",
    b"Content-Length: 0x10",
    b"Content-Length: 2\r\nContent-Length: 3",
    b"Transfer-Encoding: chunked\r\nContent-Length: 3",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding : chunked",
    b"No-Colon",
    b"X-Null: a\x00b",
    b"X-Fold: a\r\n b",
    b"X-High: \xff\xfe\xfd",
    b": empty-name",
    b"X-Large: " + b"a" * 70_000,
    b"\r\n".join(b"X-%d: 1" % number for number in range(500)),
    b"Host: evil.example",
    b"Host: localhost\r\nHost: evil.example",
    b"Expect: 100-continue",
    b"Expect: something-else",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"Content-Encoding: gzip",
    b"Content-Type: application/xml",
    b"Content-Type: multipart/form-data; boundary=" + b"x" * 300,
    b"Content-Type: application/json; charset=utf-16",
    b"Idempotency-Key: " + b"k" * 300,
    b"Idempotency-Key: \xc3\xa9",
    b"Idempotency-Key: a\r\nIdempotency-Key: b",
    b"Range: bytes=0-" + b"9" * 200,
    b"Cookie: __Host-paygate=" + b"a" * 5_000,
    b"Origin: null",
    b"X-Forwarded-For: " + b"1.1.1.1, " * 500,
    b"X-Forwarded-For: \xe2\x80\xa8",
    b"If-None-Match: " + b'"a",' * 1_000,
    b"Accept: " + b"*/*;q=0.1," * 2_000,
)
CHUNKS = (
    b"-1\r\nabc\r\n0\r\n\r\n",
    b"FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
    b"zz\r\nabc\r\n0\r\n\r\n",
    b"3;" + b"x" * 30_000 + b"\r\nabc\r\n0\r\n\r\n",
    b"3\r\nabcdef\r\n0\r\n\r\n",
    b"0\r\nX-Trailer: 1\r\n\r\n",
    b"0x3\r\nabc\r\n0\r\n\r\n",
    b"1\r\na\r\n" * 2_000 + b"0\r\n\r\n",
)


@dataclass
class Answers:
    """What was answered, by status; ``closed``: the connection ended without an answer."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """The number of requests."""
        return self.counts.total()

    @property
    def hangs(self) -> int:
        """The number of requests without an answer that kept their connection."""
        return self.counts["hang"]


def corpus(seed: int, count: int) -> Iterator[bytes]:
    """Return hostile requests: each part of the corpus once, then random combinations."""
    chance = Random(seed)
    requests = [*_lines(), *_headers(), *_bodies(), *_chunks(), *_fields(), *_queries()]
    chance.shuffle(requests)
    for number in range(count):
        if number < len(requests):
            yield requests[number]
        else:
            yield _broken(chance.choice(requests), chance)


def _request(path: str, body: bytes, *headers: bytes, method: str = "POST") -> bytes:
    sized = [] if b"\r\nContent-Length:" in b"\r\n" + b"\r\n".join(headers) else [len(body)]
    lines = [
        f"{method} {path} HTTP/1.1".encode(),
        b"Host: localhost",
        KEYS.strip(),
        *headers,
        *(b"Content-Length: %d" % size for size in sized),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _lines() -> Iterator[bytes]:
    for line in LINES:
        yield line + b"\r\nHost: localhost\r\n\r\n"
        yield line + b"\n\n"


def _headers() -> Iterator[bytes]:
    for header in HEADERS:
        yield _request("/api/v1/orders", b'{"amount":50000}', header)
        yield _request("/health", b"", header, method="GET")


def _bodies() -> Iterator[bytes]:
    for path in FIELDS:
        for body in BODIES:
            yield _request(path, body, b"Content-Type: application/json")


def _chunks() -> Iterator[bytes]:
    for chunks in CHUNKS:
        head = _request("/api/v1/orders", b"", b"Transfer-Encoding: chunked")
        yield head.replace(b"\r\nContent-Length: 0", b"") + chunks


def _fields() -> Iterator[bytes]:
    for path, names in FIELDS.items():
        for name in names:
            for text in TEXTS:
                body = json.dumps({**dict.fromkeys(names, "x"), name: text}).encode()
                yield _request(path, body, b"Content-Type: application/json")


def _queries() -> Iterator[bytes]:
    for path in LISTS:
        for name in QUERIES:
            for value in ("-1", "9" * 30, "%00", "%ff", "a" * 5_000, "%F0%9F%92%A9", "1;--", "%"):
                yield _request(f"/api/v1/{path}?{name}={value}", b"", method="GET")


def _broken(request: bytes, chance: Random) -> bytes:
    """Change a few bytes of a request, or cut it."""
    changed = bytearray(request)
    for _ in range(chance.randint(1, 8)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.randint(1, len(changed))] if chance.random() < 0.2 else changed)


async def attack(port: int, requests: Iterator[bytes]) -> Answers:
    """Send each request on a connection of its own, a few at the same time."""
    answers = Answers()

    async def send_all() -> None:
        for request in requests:
            await _send(port, request, answers)

    await asyncio.gather(*(send_all() for _ in range(AT_ONCE)))
    return answers


async def _send(port: int, request: bytes, answers: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE_S):
            writer.write(request)
            answer = await reader.read(65_536)
            while answer.startswith(b"HTTP/1.1 100 "):
                answer = answer.partition(b"\r\n\r\n")[2] or await reader.read(65_536)
    except TimeoutError:
        answers.counts["hang"] += 1
        answers.wrong.append(f"no answer to {request[:200]!r}")
        return
    except ConnectionError:
        answer = b""
    finally:
        writer.close()
    status = STATUS.match(answer)
    answers.counts[status[1].decode() if status else "closed"] += 1
    if (status is None and answer) or (status and int(status[1]) not in STATUSES):
        answers.wrong.append(f"{answer[:100]!r} to {request[:200]!r}")
