"""Requests of the clients as httpx sends them, and results of its responses."""

from __future__ import annotations

from typing import Any, TypeVar

import httpx

from .calls import Call
from .errors import UnexpectedResponseError
from .retrying import Attempts, RetryPolicy
from .settings import KeyPair, api_url_of, headers_of_library

T = TypeVar("T")
CONNECT_S = 5.0


class Sender:
    """What both clients have in common: settings, requests and responses.

    Args:
        api_key: See ``KeyPair``.
        api_secret: See ``KeyPair``.
        base_url: See ``api_url_of``.
        timeout_s: Seconds that a response may take, besides those that the request lets it wait.
        retry: When failed requests are sent again.

    Raises:
        ConfigurationError: A key or the address is missing or unusable.
    """

    def __init__(
        self,
        api_key: str | None,
        api_secret: str | None,
        base_url: str | None,
        timeout_s: float,
        retry: RetryPolicy,
    ) -> None:
        self._keys = KeyPair(api_key, api_secret)
        self.api_url = str(api_url_of(base_url))
        self._timeout_s = timeout_s
        self._retry = retry

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
            "url": f"{self.api_url}{call.path}",
            "params": call.parameters,
            "json": call.content,
            "headers": headers,
            "auth": self._keys,
            "timeout": self._timeout(call),
            # The keys are for this server only.
            "follow_redirects": False,
        }

    def _timeout(self, call: Call[Any]) -> httpx.Timeout:
        answer_s = self._timeout_s + call.wait_s
        connect_s = min(CONNECT_S, self._timeout_s)
        return httpx.Timeout(self._timeout_s, connect=connect_s, read=answer_s)

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
