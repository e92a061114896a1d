"""A merchant's webhook receiver, to try paygate with and to copy from.

It accepts only signed webhooks, stores them, shows them at ``/logs``, and fails on request. It
needs aiohttp and standardwebhooks, and nothing of paygate.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from multidict import CIMultiDictProxy
from standardwebhooks import Webhook, WebhookVerificationError

KEPT_MAX = 500
BODY_BYTES_MAX = 64 * 1024
SECRET_PREFIX = "whsec_"
KEY_BYTES_MIN = 16


def is_genuine(body: bytes, headers: CIMultiDictProxy[str], secret: str) -> bool:
    """Check the signature. ``body`` is the exact request body."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = headers.get("X-Webhook-Signature", "")
    # As bytes: a header may contain characters that `compare_digest` rejects in a str.
    if not hmac.compare_digest(expected.encode(), given.encode(errors="surrogateescape")):
        return False
    return "webhook-signature" not in headers or is_standard(body, headers, secret)


def is_standard(body: bytes, headers: CIMultiDictProxy[str], secret: str) -> bool:
    """Check the Standard Webhooks signature, which is valid for five minutes."""
    try:
        Webhook(standard_key(secret)).verify(body, dict(headers))
    except (WebhookVerificationError, ValueError):
        # The package raises ValueError if a header is not valid base64.
        return False
    return True


def standard_key(secret: str) -> bytes:
    """Decode a ``whsec_`` secret; a secret that is not base64 is used as text."""
    if secret.startswith(SECRET_PREFIX):
        with suppress(binascii.Error):
            key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
            if len(key) >= KEY_BYTES_MIN:
                return key
    return secret.encode()


@dataclass(frozen=True)
class Received:
    """One webhook in ``/logs``."""

    id: int
    webhook_id: str | None
    body: Any
    valid: bool
    duplicate: bool
    answered: int
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def event(self) -> Any:
        return self.body.get("event") if isinstance(self.body, dict) else None

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "event": self.event,
            "receivedAt": f"{self.received_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            "webhookId": self.webhook_id,
            "valid": self.valid,
            "duplicate": self.duplicate,
            "answered": self.answered,
            "body": self.body,
        }

    def line(self) -> str:
        """Return the line for the console, without unverified content."""
        what = f"{self.event}{'  (again)' * self.duplicate}" if self.valid else "invalid signature"
        return f"{self.received_at:%H:%M:%S}  {self.answered}  {what}"


@dataclass
class Receiver:
    """Stored webhooks, and failures to simulate.

    Args:
        secret: The secret of the endpoint.
        fail_first: This number of valid webhooks gets ``fail_status``.
        delay_s: Delay of each response.
    """

    secret: str
    fail_first: int = 0
    fail_status: int = 503
    delay_s: float = 0.0
    log: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT_MAX))
    count: int = 0

    async def webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        valid = is_genuine(body, request.headers, self.secret)
        status = self._status() if valid else 401
        self._keep(body, request.headers.get("webhook-id"), valid=valid, status=status)
        await asyncio.sleep(self.delay_s)
        text = {200: "OK", 401: "Invalid signature"}.get(status, "Simulated failure")
        return web.Response(status=status, text=text)

    def _status(self) -> int:
        if self.fail_first <= 0:
            return 200
        self.fail_first -= 1
        return self.fail_status

    def _keep(self, body: bytes, webhook_id: str | None, *, valid: bool, status: int) -> None:
        self.count += 1
        # Only an accepted webhook can be a duplicate: after a failure a retry is expected.
        taken = {each.webhook_id for each in self.log if each.answered == 200}
        duplicate = valid and webhook_id is not None and webhook_id in taken
        kept = Received(self.count, webhook_id, parsed(body), valid, duplicate, status)
        self.log.appendleft(kept)
        print(kept.line(), flush=True)

    async def logs(self, _request: web.Request) -> web.Response:
        return web.json_response([each.shown() for each in self.log])

    async def one(self, request: web.Request) -> web.Response:
        for each in self.log:
            if str(each.id) == request.match_info["id"]:
                return web.json_response(each.shown())
        return web.json_response({"error": "Not found"}, status=404)

    async def forget(self, _request: web.Request) -> web.Response:
        self.log.clear()
        return web.json_response({"status": "cleared"})

    async def fail(self, request: web.Request) -> web.Response:
        options = parsed(await request.read())
        options = options if isinstance(options, dict) else {}
        first, status = options.get("first"), options.get("status", 503)
        if isinstance(first, int) and first >= 0 and status in range(400, 600):
            self.fail_first, self.fail_status = first, status
            return web.json_response({"first": first, "status": status})
        return web.json_response({"error": 'Send {"first": 2, "status": 503}'}, status=400)

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "received": self.count, "kept": len(self.log)})


def parsed(body: bytes) -> Any:
    """Return the parsed JSON, or the text if it is not JSON."""
    try:
        return json.loads(body, parse_constant=str)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def application(receiver: Receiver) -> web.Application:
    """Create the receiver's application."""
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post("/webhook", receiver.webhook)
    app.router.add_get("/logs", receiver.logs)
    app.router.add_get("/logs/{id}", receiver.one)
    app.router.add_delete("/logs", receiver.forget)
    app.router.add_post("/fail", receiver.fail)
    app.router.add_get("/health", receiver.health)
    return app


def main() -> None:
    """Serve until interrupted."""
    read = argparse.ArgumentParser(description="Receive paygate's webhooks and show them at /logs.")
    read.add_argument("--host", default="127.0.0.1", help="address to listen on")
    read.add_argument("--port", type=int, default=4000, help="default: 4000")
    read.add_argument("--secret", default=os.environ.get("WEBHOOK_SECRET", "whsec_test_abc123"))
    read.add_argument("--fail-first", type=int, default=int(os.environ.get("FAIL_FIRST_N", "0")))
    read.add_argument(
        "--delay", type=float, default=0.0, metavar="S", help="delay of each response"
    )
    options = read.parse_args()
    receiver = Receiver(options.secret, options.fail_first, delay_s=options.delay)
    print(f"listening: http://{options.host}:{options.port}/webhook  shown at /logs", flush=True)
    web.run_app(
        application(receiver), host=options.host, port=options.port, print=None, access_log=None
    )


if __name__ == "__main__":
    main()
