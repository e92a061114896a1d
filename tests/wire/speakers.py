"""Clients of the dialects of an app that runs in the test."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from tests.harness.apps import KEYS, TestApp

CARD = {"number": "4000010000000019", "expiry_month": 12, "expiry_year": 35, "cvv": 123}
AMOUNT = 2_000


@dataclass(frozen=True)
class Reply:
    status: int
    json: Any
    text: str


@dataclass(frozen=True)
class Speaker:
    """A merchant's program that speaks a dialect.

    Args:
        app: The app.
        name: The dialect.
        keys: The merchant's, as the headers of paygate's own API.
    """

    app: TestApp
    name: str
    keys: Mapping[str, str]

    def with_keys(self, keys: Mapping[str, str]) -> Speaker:
        return replace(self, keys=keys)

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
    ) -> Reply:
        """Send a request; ``key`` is its idempotency key."""
        id, secret = self.keys["X-Api-Key"], self.keys["X-Api-Secret"]
        headers = {} if key is None else {"Idempotency-Key": key}
        given: dict[str, Any] = {}
        if self.name == "stripe":
            headers["Authorization"] = f"Bearer sk_test_{id}:{secret}"
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            given["data"] = urlencode(body or {}) if method == "POST" else b""
        else:
            headers["Authorization"] = f"Basic {b64encode(f'{id}:{secret}'.encode()).decode()}"
            if method == "POST":
                given["json"] = dict(body or {})
        response = await self.app.client.open(
            f"/wire/{self.name}{path}", method=method, headers=headers, **given
        )
        text = await response.get_data(as_text=True)
        return Reply(response.status_code, await response.get_json(), text)

    async def made(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create something, and return it."""
        reply = await self.ask("POST", path, body)
        assert reply.status == 200, reply
        return reply.json


def speaker(app: TestApp, name: str) -> Speaker:
    """Return the test merchant's program."""
    return Speaker(app, name, KEYS)


async def a_stranger(app: TestApp) -> dict[str, str]:
    """Return the keys of another merchant."""
    made = (await app.call("POST", "/test/namespaces", keys=None)).json
    return {"X-Api-Key": made["api_key"], "X-Api-Secret": made["api_secret"], "id": made["id"]}
