"""The app's API, called like a merchant does but without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.api.app import API
from ..core.api.web_app import WebApp
from ..core.deps import TestMerchant


class ApiError(AssertionError):
    """The app rejected a request of the test.

    Args:
        status: HTTP status of the response.
        code: Error code, for programs.
        description: Error message, for people.
        field: The wrong field of the request, if there is one.
    """

    def __init__(
        self, asked: str, status: int, code: str, description: str, field: str | None
    ) -> None:
        self.status = status
        self.code = code
        self.description = description
        self.field = field
        super().__init__(f"{asked}: {status} {code}: {description}")


@dataclass(frozen=True, slots=True)
class Reply:
    """A response of the API.

    Args:
        status: The HTTP status.
        json: The parsed body; None if it is not JSON.
        headers: The response headers.
        body: The exact bytes.
    """

    status: int
    json: Any
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Api:
    """Sends requests as the test merchant.

    Args:
        client: Quart's test client.
        keys: The merchant's headers.
    """

    client: Any
    keys: Mapping[str, str]

    @classmethod
    def of(cls, web: WebApp, merchant: TestMerchant) -> Api:
        """Create one for an app and a merchant."""
        keys = {"X-Api-Key": merchant.api_key, "X-Api-Secret": merchant.api_secret}
        return cls(web.test_client(), keys)

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send any request; error responses are returned.

        Args:
            method: HTTP method.
            path: With or without ``/api/v1``.
            json: The request body.
            headers: Override the merchant's headers.
        """
        url = path if path.startswith((API, "/health")) else f"{API}{path}"
        given = {} if json is None else {"json": json}
        response = await self.client.open(
            url, method=method, headers={**self.keys, **(headers or {})}, **given
        )
        body = await response.get_data()
        parsed = await response.get_json() if response.is_json else None
        return Reply(response.status_code, parsed, dict(response.headers), body)

    async def get(self, path: str) -> Any:
        """Send a GET request; return the response body.

        Raises:
            ApiError: The response is an error.
        """
        return await self._asked("GET", path)

    async def post(
        self, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        return await self._asked("POST", path, body or {}, headers)

    async def put(self, path: str, body: Any) -> Any:
        return await self._asked("PUT", path, body)

    async def patch(self, path: str, body: Any) -> Any:
        return await self._asked("PATCH", path, body)

    async def _asked(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        reply = await self.call(method, path, body, headers=headers)
        if reply.status < 300:
            return reply.json
        error = (reply.json or {}).get("error", {})
        raise ApiError(
            f"{method} {path}",
            reply.status,
            str(error.get("code", "")),
            str(error.get("description", "")),
            error.get("field"),
        )
