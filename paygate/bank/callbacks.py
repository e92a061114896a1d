"""The bank's callbacks: signed, sent when they are due, and sent again until they are accepted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..core.clock import Clock
from ..core.plugin_api.http_client import Http, HttpError
from ..simulator.calling_back import sign

SIGNATURE = "Bank-Signature"
TIMEOUT = timedelta(seconds=5)
AGAIN_AFTER_S = (0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)
"""After so many seconds a callback that was not accepted is sent again; then no more."""


def signature(body: bytes, secret: str, at: datetime) -> str:
    """Sign a callback: ``t=1768473000,v1=`` and HMAC-SHA256 over ``1768473000.`` and the body."""
    timestamp = str(int(at.timestamp()))
    return f"t={timestamp},v1={sign(timestamp.encode() + b'.' + body, secret)}"


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback that waits for its time.

    Args:
        due_at: In UTC.
        reference: The operation that it belongs to.
        content: Its body, as JSON.
        is_signed: False for one with an invalid signature.
        times: How often it is sent, whatever the receiver answers.
        attempt: How often it was refused before.
    """

    due_at: datetime
    reference: str
    content: Mapping[str, Any]
    is_signed: bool = True
    times: int = 1
    attempt: int = 0


class BankClock:
    """The bank's time: the machine's, unless a test has moved it ahead."""

    def __init__(self, running: Clock) -> None:
        self._running = running
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time in UTC."""
        return self._running.now() + self._ahead

    def advance(self, by: timedelta) -> None:
        """Move it ahead."""
        self._ahead += by


@dataclass
class Callbacks:
    """The callbacks that are not accepted yet. One after the other is sent.

    Args:
        clock: The bank's time.
        http: Sends them.
        secret: Signs them.
        url: Where to send them; None sends none.
    """

    clock: BankClock
    http: Http
    secret: str
    url: str | None = None
    _waiting: list[Callback] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _is_idle: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, callback: Callback) -> None:
        """Send a callback when it is due."""
        self._waiting.append(callback)
        self.look()

    def look(self) -> None:
        """Look again which are due: the clock or the address has changed."""
        self._is_idle.clear()
        self._changed.set()

    async def sent(self) -> None:
        """Wait until every callback that is due was sent once."""
        await self._is_idle.wait()

    async def run(
        self, is_wanted: Callable[[Callback], bool], accepted: Callable[[Callback], None]
    ) -> None:
        """Send callbacks until cancelled.

        Args:
            is_wanted: Called when one is due; False leaves it out.
            accepted: Called for each copy that the receiver has accepted.
        """
        while True:
            self._changed.clear()
            callback = min(self._waiting, key=lambda each: each.due_at, default=None)
            wait_s = None
            if callback is not None:
                wait_s = (callback.due_at - self.clock.now()).total_seconds()
            if callback is None or (wait_s is not None and wait_s > 0):
                await self._wait(wait_s)
                continue
            self._waiting.remove(callback)
            if self.url is None or (callback.attempt == 0 and not is_wanted(callback)):
                continue
            for _ in range(callback.times):
                if await self._send(self.url, callback):
                    accepted(callback)
                else:
                    self._again(callback)

    async def _wait(self, wait_s: float | None) -> None:
        self._is_idle.set()
        try:
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            self._is_idle.clear()

    async def _send(self, url: str, callback: Callback) -> bool:
        body = json.dumps(dict(callback.content), separators=(",", ":")).encode()
        secret = self.secret if callback.is_signed else f"not {self.secret}"
        headers = {
            SIGNATURE: signature(body, secret, self.clock.now()),
            "Content-Type": "application/json",
        }
        try:
            response = await self.http.request(
                "POST", url, body=body, headers=headers, timeout=TIMEOUT
            )
        except HttpError:
            return False
        return 200 <= response.status < 300

    def _again(self, callback: Callback) -> None:
        # A wrong signature stays wrong, and its copies were sent already.
        if not callback.is_signed or callback.attempt >= len(AGAIN_AFTER_S):
            return
        wait = timedelta(seconds=AGAIN_AFTER_S[callback.attempt])
        due_at = self.clock.now() + wait
        again = replace(callback, due_at=due_at, times=1, attempt=callback.attempt + 1)
        self._waiting.append(again)
