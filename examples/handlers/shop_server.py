"""What both handlers share: verify the signature, pass the event on, show the books.

It needs nothing but Python.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

TOLERANCE_S = 300


class Shop(Protocol):
    """A shop's books, by payment."""

    def receive(self, event_id: str, event: dict[str, Any]) -> None:
        """Change the books as the event says."""

    def books(self, payment_id: str) -> dict[str, Any]:
        """Return ``status``, ``amount_paid`` and ``amount_refunded``, in minor units."""


def key_of(secret: str) -> bytes:
    """Decode a ``whsec_`` secret; one that is not base64 of at least 16 bytes is used as it is."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    return key if secret.startswith("whsec_") and len(key) >= 16 else secret.encode()


def is_ours(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Check the Standard Webhooks signature: see docs/how-to/verify-webhooks.md."""
    timestamp = headers.get("webhook-timestamp") or ""
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    if not is_number or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    signed = f"{headers.get('webhook-id')}.{timestamp}.".encode() + body
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    given = (headers.get("webhook-signature") or "").split(" ")
    return any(hmac.compare_digest(each.encode(), expected) for each in given)


def serve(shop: Shop) -> None:
    """Serve ``POST /webhook`` and ``GET /books?payment_id=…`` until interrupted."""
    read = argparse.ArgumentParser(description=shop.__doc__)
    read.add_argument("--port", type=int, default=4300)
    options = read.parse_args()
    secret = os.environ.get("PAYGATE_WEBHOOK_SECRET", "whsec_test_abc123")
    # One event at a time, as one transaction each would be in a database.
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not is_ours(body, self.headers, secret):
                return self.answer(401, {"error": "Invalid signature"})
            with lock:
                shop.receive(self.headers["webhook-id"], json.loads(body))
            return self.answer(200, {"received": True})

        def do_GET(self) -> None:
            (payment_id,) = parse_qs(urlsplit(self.path).query)["payment_id"]
            with lock:
                books = shop.books(payment_id)
            self.answer(200, books)

        def answer(self, status: int, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_arguments: object) -> None:
            """Print nothing for each request."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    except OSError as error:
        read.exit(1, f"port {options.port}: {error.strerror}; choose another one with --port\n")
    with server:
        print(f"listening: http://127.0.0.1:{server.server_port}/webhook", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
