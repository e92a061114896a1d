"""A caller of the bank, in the process of the test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from paygate.adapters.http.loopback import LoopbackClient
from paygate.bank.api import Asked, BankApi, Reply
from paygate.bank.bank import Bank
from paygate.bank.callbacks import BankClock
from paygate.bank.operation import BankSettings
from paygate.core.plugin_api.http_client import HttpResponse
from paygate.testing.kit.stage import ManualClock

KEY, SECRET = "the-key", "the-secret"
SUM = {"amount": 500, "currency": "INR"}


@dataclass
class Received:
    """A callback, as the gateway receives it."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Calls a bank whose clock stands still, and receives its callbacks."""

    def __init__(self, **settings: Any) -> None:
        self.received: list[Received] = []
        self.statuses: list[int] = []
        http = LoopbackClient()
        http.receive("gateway.test", self._receive)
        given = {"patience_ms": 1, "callback_url": "http://gateway.test/callback", **settings}
        self.bank = Bank(
            BankClock(ManualClock()),
            http,
            callback_secret=SECRET,
            settings=BankSettings(**given),
        )
        self.api = BankApi(self.bank, KEY)

    async def _receive(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        self.received.append(Received(headers, body))
        return HttpResponse(self.statuses.pop(0) if self.statuses else 200, {}, b"", False)

    async def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        known = {"authorization": f"Bearer {KEY}"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.api.respond(Asked(method, path, {**known, **named}, body))

    async def call(self, method: str, path: str, content: Any = None, key: str = "op_1") -> Any:
        """Return the status and the body of an answer."""
        body = b"" if content is None else json.dumps(content).encode()
        reply = await self.send(method, path, body, idempotency_key=key)
        return reply.status, json.loads(reply.body)

    async def charge(self, key: str = "op_1", **more: Any) -> Any:
        return await self.call("POST", "/charges", {**SUM, **more}, key)

    async def follow_up(self, path: str, key: str, **more: Any) -> Any:
        return await self.call("POST", path, {**SUM, "charge": "op_1", **more}, key)

    async def status(self, key: str = "op_1") -> str:
        code, content = await self.call("GET", f"/operations/{key}")
        return str(content["status"] if code == 200 else content["error"]["code"])

    def book(self, page: str = "charges") -> Any:
        return self.bank.book()[page]

    def advance(self, seconds: float) -> None:
        self.bank.advance(timedelta(seconds=seconds))
