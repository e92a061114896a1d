"""The clients: one that blocks, and one to await."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from .async_resources import AsyncResources
from .calls import Call
from .errors import UnexpectedResponseError
from .events import AsyncEvents, Events
from .resources import Resources
from .retrying import Attempts, RetryPolicy
from .settings import KeyPair, api_url_of, headers_of_library

T = TypeVar("T")
CONNECT_S = 5.0


class _Sender:
    """What both clients have in common: settings, requests and responses."""

    def __init__(
        self,
        api_key: str | None,
        api_secret: str | None,
        base_url: str | None,
        timeout_s: float,
        retry: RetryPolicy,
    ) -> None:
        self._keys = KeyPair(api_key, api_secret)
        self._api_url = api_url_of(base_url)
        self._timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))
        self._retry = retry

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._api_url)!r})"

    def attempts(self, call: Call[Any]) -> Attempts:
        """Return the attempts of a request, before the first."""
        return Attempts(call, self._retry)

    def arguments(self, call: Call[Any]) -> dict[str, Any]:
        """Return the arguments of httpx for a request."""
        headers = headers_of_library()
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        return {
            "method": call.verb,
            "url": f"{self._api_url}{call.path}",
            "params": call.parameters,
            "json": call.content,
            "headers": headers,
            "auth": self._keys,
            "timeout": self._timeout,
            # The keys are for this server only.
            "follow_redirects": False,
        }

    @staticmethod
    def result(call: Call[T], response: httpx.Response) -> T:
        """Return the result of a successful response."""
        try:
            given = response.json()
        except ValueError:
            raise UnexpectedResponseError(
                f"{call.verb} {call.path}: the response is not JSON"
            ) from None
        return call.read(given)


class PaygateClient(_Sender, Resources):
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
        _Sender.__init__(self, api_key, api_secret, base_url, timeout_s, retry or RetryPolicy())
        Resources.__init__(self, self._send)
        self._http = http or httpx.Client()
        self._is_own = http is None
        self.events = Events(self, self._http)
        """The merchant's events, as they happen."""

    def _send(self, call: Call[T], /) -> T:
        attempts = self.attempts(call)
        while True:
            try:
                response = self._http.request(**self.arguments(call))
            except httpx.RequestError as failure:
                pause_s = attempts.pause_after_failure(failure)
            else:
                if response.is_success:
                    return self.result(call, response)
                pause_s = attempts.pause_after_response(response)
            time.sleep(pause_s)

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


class AsyncPaygateClient(_Sender, AsyncResources):
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
        _Sender.__init__(self, api_key, api_secret, base_url, timeout_s, retry or RetryPolicy())
        AsyncResources.__init__(self, self._send)
        self._http = http or httpx.AsyncClient()
        self._is_own = http is None
        self.events = AsyncEvents(self, self._http)
        """The merchant's events, as they happen."""

    async def _send(self, call: Call[T], /) -> T:
        attempts = self.attempts(call)
        while True:
            try:
                response = await self._http.request(**self.arguments(call))
            except httpx.RequestError as failure:
                pause_s = attempts.pause_after_failure(failure)
            else:
                if response.is_success:
                    return self.result(call, response)
                pause_s = attempts.pause_after_response(response)
            await asyncio.sleep(pause_s)

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
