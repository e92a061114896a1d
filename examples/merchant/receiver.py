"""A merchant's webhook receiver to try paygate with, and to copy from.

It believes only what is signed, remembers what it got, shows it at ``/logs``, and
fails when told to. Needs aiohttp and standardwebhooks, and nothing of paygate.
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
    """Whether the sender has the secret. ``body`` is what arrived, to the byte."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = headers.get("X-Webhook-Signature", "")
    # As bytes: a header may hold what `compare_digest` does not take as text.
    if not hmac.compare_digest(expected.encode(), given.encode(errors="surrogateescape")):
        return False
    return "webhook-signature" not in headers or is_standard(body, headers, secret)


def is_standard(body: bytes, headers: CIMultiDictProxy[str], secret: str) -> bool:
    """The same by Standard Webhooks, which also refuses what is older than five minutes."""
    try:
        Webhook(standard_key(secret)).verify(body, dict(headers))
    except (WebhookVerificationError, ValueError):
        # The package raises ValueError where a header is not even base64.
        return False
    return True


def standard_key(secret: str) -> bytes:
    """The bytes behind ``whsec_``; a secret that is not base64 is a key as it is written."""
    if secret.startswith(SECRET_PREFIX):
        with suppress(binascii.Error):
            key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
            if len(key) >= KEY_BYTES_MIN:
                return key
    return secret.encode()


@dataclass(frozen=True)
class Received:
    """One webhook, as ``/logs`` shows it."""

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
        """What the console shows of it; a stranger's words are not repeated there."""
        what = f"{self.event}{'  (again)' * self.duplicate}" if self.valid else "invalid signature"
        return f"{self.received_at:%H:%M:%S}  {self.answered}  {what}"


@dataclass
class Receiver:
    """What has arrived, and what is still to be refused.

    Args:
        secret: Shared with paygate.
        fail_first: So many genuine webhooks are answered with ``fail_status``.
        delay_s: How long to think before each answer.
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
        text = {200: "OK", 401: "Invalid signature"}.get(status, "Failing as told")
        return web.Response(status=status, text=text)

    def _status(self) -> int:
        if self.fail_first <= 0:
            return 200
        self.fail_first -= 1
        return self.fail_status

    def _keep(self, body: bytes, webhook_id: str | None, *, valid: bool, status: int) -> None:
        self.count += 1
        # Only what was taken can come twice: after a failure it is sent again rightly.
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
        return web.json_response({"error": "Not in the log"}, status=404)

    async def forget(self, _request: web.Request) -> web.Response:
        self.log.clear()
        return web.json_response({"status": "cleared"})

    async def fail(self, request: web.Request) -> web.Response:
        said = parsed(await request.read())
        said = said if isinstance(said, dict) else {}
        first, status = said.get("first"), said.get("status", 503)
        if isinstance(first, int) and first >= 0 and status in range(400, 600):
            self.fail_first, self.fail_status = first, status
            return web.json_response({"first": first, "status": status})
        return web.json_response({"error": 'Send {"first": 2, "status": 503}'}, status=400)

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "received": self.count, "kept": len(self.log)})


def parsed(body: bytes) -> Any:
    """The JSON in a body, or its text where it is none."""
    try:
        return json.loads(body, parse_constant=str)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def application(receiver: Receiver) -> web.Application:
    """The receiver behind HTTP."""
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post("/webhook", receiver.webhook)
    app.router.add_get("/logs", receiver.logs)
    app.router.add_get("/logs/{id}", receiver.one)
    app.router.add_delete("/logs", receiver.forget)
    app.router.add_post("/fail", receiver.fail)
    app.router.add_get("/health", receiver.health)
    return app


def main() -> None:
    """Listen until interrupted."""
    read = argparse.ArgumentParser(description="Receive paygate's webhooks and show them at /logs.")
    read.add_argument("--host", default="127.0.0.1", help="address to listen on")
    read.add_argument("--port", type=int, default=4000, help="4000 unless given")
    read.add_argument("--secret", default=os.environ.get("WEBHOOK_SECRET", "whsec_test_abc123"))
    read.add_argument("--fail-first", type=int, default=int(os.environ.get("FAIL_FIRST_N", "0")))
    read.add_argument("--delay", type=float, default=0.0, metavar="S", help="before each answer")
    said = read.parse_args()
    receiver = Receiver(said.secret, said.fail_first, delay_s=said.delay)
    print(f"listening: http://{said.host}:{said.port}/webhook  shown at /logs", flush=True)
    web.run_app(application(receiver), host=said.host, port=said.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
