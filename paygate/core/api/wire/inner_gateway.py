"""The gateway that wire dialects use: the app's own API, called inside the process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlencode

from quart import Quart

from ...errors import PluginContractError
from ...ids import REQUEST_ID
from ...plugin_api.http_client import HttpMethod
from ...plugin_api.wire import Credentials, WireRefusal
from ..bodies import write

API = "/api/v1"
BAD_REQUEST, NOT_FOUND = 400, 404
SLASH = "%2f"
Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class InnerGateway:
    """Implements ``Gateway`` with requests to the app itself.

    Such a request is authenticated, limited, checked and stored like one from outside, so no
    rule of the API has to be written again for dialects.

    Args:
        app: The app.
        scope: The ASGI scope of the dialect's request: its client and its host name.
        credentials: The merchant's keys.
        dialect: The dialect's name; its idempotency keys are other keys than those of others.
    """

    app: Quart
    scope: Mapping[str, Any]
    credentials: Credentials = field(repr=False)
    dialect: str

    async def call(
        self,
        method: HttpMethod,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        scenario: str | None = None,
    ) -> Any:
        """Implements ``Gateway.call``."""
        if wrong := _wrong_path(path):
            raise PluginContractError(f"gateway.call({method!r}, {path!r}): {wrong}")
        if SLASH in path.lower():
            # Decoded, it would be a path below another object; no id has a slash.
            raise WireRefusal(
                NOT_FOUND, "NOT_FOUND_ERROR", "No object has such an id", reason="not_found"
            )
        headers = {
            "x-api-key": self.credentials.key,
            "x-api-secret": self.credentials.secret,
            "content-type": "application/json",
            "host": self._host(),
        }
        if request_id := REQUEST_ID.get():
            headers["x-request-id"] = request_id
        if idempotency_key is not None:
            # Hashed, because the text may be longer than a key, or have other characters.
            digest = sha256(idempotency_key.encode(errors="replace")).hexdigest()
            headers["idempotency-key"] = f"wire {self.dialect} {digest}"
        if scenario is not None:
            headers["paygate-scenario"] = scenario
        scope = {
            **{name: self.scope.get(name) for name in ("asgi", "client", "server", "scheme")},
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": unquote(f"{API}{path}"),
            "raw_path": f"{API}{path}".encode(),
            "query_string": urlencode(query or {}).encode(),
            "root_path": "",
            "headers": [
                (name.encode(), value.encode("latin-1")) for name, value in headers.items()
            ],
        }
        exchange = _Exchange(b"" if body is None else _written(body))
        # Its own task: the contexts of the two requests stay apart.
        await asyncio.create_task(self._send(scope, exchange))
        return exchange.result()

    async def _send(self, scope: Mapping[str, Any], exchange: _Exchange) -> None:
        # Otherwise Quart would share ``g`` between all requests inside the dialect's: the second
        # one would see the body of the first.
        async with self.app.app_context():
            await self.app.asgi_app(scope, exchange.receive, exchange.send)  # type: ignore[arg-type]  # plain mappings, as ASGI has them

    def _host(self) -> str:
        named = (value for name, value in self.scope["headers"] if name.lower() == b"host")
        return next(named, b"localhost").decode("latin-1")


def _wrong_path(path: str) -> str | None:
    """Return what is wrong with a path that is no path of the API; None if nothing is."""
    if not path.startswith("/"):
        return "begin the path with a slash"
    if path.startswith(f"{API}/"):
        return f"leave out {API}"
    if "?" in path or "#" in path:
        return "give parameters as query, and quote ids with urllib.parse.quote(id, safe='')"
    return None


def _written(body: Mapping[str, Any]) -> bytes:
    """Return a body as JSON.

    Raises:
        WireRefusal: A client's text in it has half a surrogate pair, or it is nested too deeply.
    """
    try:
        return write(body)
    except (ValueError, RecursionError):
        raise WireRefusal(
            BAD_REQUEST, "BAD_REQUEST_ERROR", "The body cannot be written as JSON"
        ) from None


@dataclass(slots=True)
class _Exchange:
    """One request and its response."""

    request: bytes
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    response: bytearray = field(default_factory=bytearray)
    _is_sent: bool = False
    _stays_connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Message:
        if self._is_sent:
            await self._stays_connected.wait()
        self._is_sent = True
        return {"type": "http.request", "body": self.request, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message["headers"]:
                self.headers[name.decode().lower()] = value.decode("latin-1")
        elif message["type"] == "http.response.body":
            self.response += message.get("body", b"")

    def result(self) -> Any:
        """Return the JSON of the response.

        Raises:
            WireRefusal: It is an error.
        """
        shown = json.loads(self.response or b"null")
        if self.status < 300:
            return shown
        error = shown.get("error") if isinstance(shown, dict) else None
        error = error if isinstance(error, dict) else {}
        after = self.headers.get("retry-after", "")
        raise WireRefusal(
            self.status,
            str(error.get("code") or "SERVER_ERROR"),
            str(error.get("description") or "The gateway did not answer"),
            reason=self.headers.get("paygate-reason") or error.get("reason"),
            field=error.get("field"),
            retry_after_s=int(after) if after.isdigit() else None,
            hint=error.get("hint"),
        )
