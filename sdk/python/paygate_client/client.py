"""The clients: one that blocks, and one to await."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self, TypeVar

import httpx

from .async_resources import AsyncResources
from .calls import Call
from .events import AsyncEvents, Events
from .resources import Resources
from .retrying import RetryPolicy
from .sending import Sender

T = TypeVar("T")


class PaygateClient(Resources):
    """A client of a paygate server, for one merchant. Threads may share it.

    Use it as a context manager, or call ``close``, to close its connections.

    Args:
        api_key: The merchant's key; default: the environment variable ``PAYGATE_API_KEY``.
        api_secret: Its secret; default: ``PAYGATE_API_SECRET``.
        base_url: The server, such as ``https://pay.example``; default: ``PAYGATE_URL``.
        timeout_s: Seconds that a response may take.
        retry: When failed requests are sent again.
        http: Sends the requests instead of a client of its own; it is not closed.

    Raises:
        ConfigurationError: A key or the address is missing or unusable.
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        base_url: str | None = None,
        timeout_s: float = 30.0,
        retry: RetryPolicy | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(self._send)
        self._sender = Sender(api_key, api_secret, base_url, timeout_s, retry or RetryPolicy())
        self._http = http or httpx.Client()
        self._is_own = http is None
        self.events: Events = Events(self._send, self._sender, self._http)
        """The merchant's events: past ones in pages, and new ones as they happen."""

    def _send(self, call: Call[T], /) -> T:
        attempts = self._sender.attempts(call)
        while True:
            try:
                response = self._http.request(**self._sender.arguments(call))
            except httpx.RequestError as failure:
                pause_s = attempts.pause_after_failure(failure)
            else:
                if response.is_success:
                    return self._sender.result(call, response)
                pause_s = attempts.pause_after_response(response)
            time.sleep(pause_s)

    def __repr__(self) -> str:
        return f"PaygateClient({self._sender.api_url!r})"

    def close(self) -> None:
        """Close the connections."""
        if self._is_own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncPaygateClient(AsyncResources):
    """``PaygateClient`` with methods to await; it belongs to one event loop.

    Args:
        api_key: The merchant's key; default: the environment variable ``PAYGATE_API_KEY``.
        api_secret: Its secret; default: ``PAYGATE_API_SECRET``.
        base_url: The server, such as ``https://pay.example``; default: ``PAYGATE_URL``.
        timeout_s: Seconds that a response may take.
        retry: When failed requests are sent again.
        http: Sends the requests instead of a client of its own; it is not closed.

    Raises:
        ConfigurationError: A key or the address is missing or unusable.
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        base_url: str | None = None,
        timeout_s: float = 30.0,
        retry: RetryPolicy | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(self._send)
        self._sender = Sender(api_key, api_secret, base_url, timeout_s, retry or RetryPolicy())
        self._http = http or httpx.AsyncClient()
        self._is_own = http is None
        self.events: AsyncEvents = AsyncEvents(self._send, self._sender, self._http)
        """The merchant's events: past ones in pages, and new ones as they happen."""

    async def _send(self, call: Call[T], /) -> T:
        attempts = self._sender.attempts(call)
        while True:
            try:
                response = await self._http.request(**self._sender.arguments(call))
            except httpx.RequestError as failure:
                pause_s = attempts.pause_after_failure(failure)
            else:
                if response.is_success:
                    return self._sender.result(call, response)
                pause_s = attempts.pause_after_response(response)
            await asyncio.sleep(pause_s)

    def __repr__(self) -> str:
        return f"AsyncPaygateClient({self._sender.api_url!r})"

    async def close(self) -> None:
        """Close the connections."""
        if self._is_own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
