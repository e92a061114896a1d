"""Receive the gateway's webhooks: the receiver, and the routes that set its URL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..adapters.http.receiver import receive_posts
from ..core.origins import is_loopback
from ..core.plugin_api.http_client import HttpMethod
from .answer import Answer, BrokenClauseError, NotSeenError, parse
from .gateway import Gateway
from .matching import MISSING

PATH = "/webhook"
LOOPBACK, EVERY_ADDRESS = "127.0.0.1", "0.0.0.0"  # noqa: S104 - only for a URL that was given
PUBLISHED_KEY, PUBLISHED_SECRET = "key_test_abc123", "whsec_test_abc123"
FAILURE = 503
SETTERS: Sequence[tuple[HttpMethod, str, str]] = (
    ("PATCH", "/merchant/webhook", "webhook_url"),
    ("PUT", "/webhooks/config", "webhook_url"),
    ("PUT", "/webhooks", "webhook_url"),
    ("PUT", "/merchants/webhook", "webhook_url"),
    ("POST", "/webhooks/config", "url"),
)
"""The routes by which gateways of this family set the URL, and the field's name."""
GETTERS = ("/merchant/config", "/merchants/profile", "/webhooks/config")
"""The routes that show the URL and the secret."""


@dataclass(frozen=True, slots=True)
class ReceiverOptions:
    """Where webhooks arrive.

    Args:
        url: The address at which the gateway reaches this machine; empty for loopback.
        port: The port to listen on; 0 for the URL's, or any free one.
        secret: Signs the webhooks; empty for what the gateway shows, or the published one.
    """

    url: str = ""
    port: int = 0
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A webhook that arrived.

    Args:
        at_s: When, on the clock of the event loop.
        headers: Names in lower case.
        body: The exact bytes.
    """

    at_s: float
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The name of the event; None if there is none."""
        parsed = parse(self.body)
        return parsed.get("event") if isinstance(parsed, dict) else None


@dataclass(slots=True)
class Webhooks:
    """The receiver of one run.

    Args:
        gateway: Sends the webhooks.
        options: Where they arrive.
        url: What the gateway is given.
        secret: What they are signed with; empty if it is not known.
        obstacle: Why none can arrive; empty if that is not known.
    """

    gateway: Gateway
    options: ReceiverOptions
    url: str = ""
    secret: str = field(default="", repr=False)
    obstacle: str = "no receiver was started"
    _arrived: list[Arrival] = field(default_factory=list)
    _failing: set[tuple[str, str]] = field(default_factory=set)
    _setter: tuple[HttpMethod, str, str] | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Store a webhook, and return the status of the answer."""
        arrival = Arrival(asyncio.get_running_loop().time(), headers, body)
        self._arrived.append(arrival)
        self._news.set()
        is_refused = any(
            id.encode() in body and event == arrival.event for id, event in self._failing
        )
        return FAILURE if is_refused else 200

    def fail(self, order_id: str, event: str) -> None:
        """Refuse an event about an order from now on."""
        self._failing.add((order_id, event))

    def accept(self, order_id: str, event: str) -> None:
        """Accept it again."""
        self._failing.discard((order_id, event))

    def about(self, order_id: str, event: str) -> list[Arrival]:
        """Return the arrivals of an event about an order, the oldest first."""
        id = order_id.encode()
        return [each for each in self._arrived if id in each.body and each.event == event]

    def need(self) -> None:
        """Require that webhooks can arrive.

        Raises:
            NotSeenError: They cannot.
        """
        if self.obstacle:
            raise NotSeenError(self.obstacle)

    async def arrivals(
        self, order_id: str, event: str, count: int = 1, within_s: float | None = None
    ) -> list[Arrival]:
        """Wait for webhooks about an order; return those that arrived in time."""
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + (self.gateway.timeout_s if within_s is None else within_s)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(ends_s):
                while len(self.about(order_id, event)) < count:
                    self._news.clear()
                    await self._news.wait()
        return self.about(order_id, event)

    async def set_url(self, url: str | None) -> Answer:
        """Give the gateway a URL, by the first route that accepts it.

        Raises:
            NotSeenError: No known route accepts it.
        """
        refused: Answer | None = None
        for setter in [self._setter] if self._setter else SETTERS:
            method, path, name = setter
            answer = await self.gateway.call(method, path, {name: url})
            if 200 <= answer.status < 300:
                self._setter = setter
                return answer
            if answer.status not in {404, 405}:
                refused = refused or answer
        why = f" ({refused.sent} answered {refused.came})" if refused else ""
        raise NotSeenError(f"no known route sets the merchant's webhook URL{why}")

    async def open(self, port: int) -> Mapping[str, Any]:
        """Give the gateway the receiver's URL; return the settings from before."""
        given = self.options.url
        self.url = given or f"http://{LOOPBACK}:{port}{PATH}"
        self.obstacle = ""
        if not given and not is_loopback(urlsplit(self.gateway.target.url).hostname or ""):
            self.obstacle = (
                "the gateway is on another machine; give --webhook-url, an address at which it "
                "reaches this one"
            )
            return {}
        before: Mapping[str, Any] = {}
        shown: Mapping[str, Any] = {}
        try:
            before = await self._settings()
            shown = _texts((await self.set_url(self.url)).json)
            shown = shown if _unmasked(shown) else await self._settings()
        except (NotSeenError, BrokenClauseError) as error:
            # A user who names a URL may have set it in the gateway already.
            self.obstacle = "" if given else f"{error}; set it and give --webhook-url"
        self.secret = self.options.secret or _unmasked(shown) or _unmasked(before)
        if not self.secret and self.gateway.target.keys.key == PUBLISHED_KEY:
            self.secret = PUBLISHED_SECRET
        self.gateway.secrets |= {self.secret} - {""}
        return before

    async def restore(self, before: Mapping[str, Any]) -> str:
        """Give the gateway the URL from before the run; return why it did not take it, or ""."""
        if self._setter is None:
            return ""
        try:
            await self.set_url(before.get("webhook_url") or before.get("url"))
        except (BrokenClauseError, NotSeenError) as error:
            return f"the merchant's webhook URL is still {self.url}: {error}"
        return ""

    async def _settings(self) -> Mapping[str, Any]:
        for path in GETTERS:
            answer = await self.gateway.call("GET", path)
            if answer.status == 200 and (shown := _texts(answer.json)):
                return shown
        return {}


@asynccontextmanager
async def open_webhooks(
    gateway: Gateway, options: ReceiverOptions, progress: Callable[[str], None]
) -> AsyncIterator[Webhooks]:
    """Start a receiver, give the gateway its URL, and restore the former URL at the end.

    Args:
        gateway: The gateway.
        options: Where webhooks arrive.
        progress: Receives a line if the former URL cannot be restored.

    Raises:
        OperatorError: The port is not available.
    """
    webhooks = Webhooks(gateway, options)
    host = EVERY_ADDRESS if options.url else LOOPBACK
    port = options.port or (urlsplit(options.url).port or 0 if options.url else 0)
    async with receive_posts(host, port, webhooks.receive) as listening:
        before = await webhooks.open(listening)
        try:
            yield webhooks
        finally:
            if remains := await webhooks.restore(before):
                progress(remains)


def _texts(parsed: Any) -> Mapping[str, Any]:
    """Return the settings that an answer shows; some gateways have them below ``data``."""
    if parsed is MISSING or not isinstance(parsed, dict):
        return {}
    inner = parsed.get("data")
    found = {**parsed, **inner} if isinstance(inner, dict) else parsed
    names = ("webhook_url", "webhook_secret", "url", "secret")
    return {name: found[name] for name in names if isinstance(found.get(name), str)}


def _unmasked(shown: Mapping[str, Any]) -> str:
    secret = str(shown.get("webhook_secret") or shown.get("secret") or "")
    return "" if secret.endswith("***") else secret
