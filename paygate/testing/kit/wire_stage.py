"""What the kit passes to a dialect: requests, a gateway that refuses, and records in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from ...core.limits import RECORD_KEPT
from ...core.plugin_api.http_client import HttpMethod
from ...core.plugin_api.records import Record
from ...core.plugin_api.wire import (
    Credentials,
    WireContext,
    WireDialect,
    WireRefusal,
    WireReply,
    WireRequest,
    WireRoute,
)
from .calls import Result, run_async, run_sync
from .stage import NOW, Stage

KEYS = Credentials("key_kit_4f1a", "secret_kit_b2c9")
FORM = "application/x-www-form-urlencoded"
_DEEP = b"[" * 300 + b"]" * 300
_HOSTILE_JSON = (
    *(b"", b"null", b"[]", b"{", b'"x"', b"\xff\xfe", b"9" * 5_000, _DEEP),
    *(b'{"amount": NaN}', b'{"amount": {}, "notes": 7}', b'{"a": "\\ud800", "b": "\\u0000"}'),
)
_HOSTILE_FORMS = (b"a[=1", b"[]=1", b"amount[x]=1&amount=2", b"a=%ff&b=%00", b"a[b][c][d][e]=1")
_HOSTILE_IDS = ("x", "..", "\x00", "é", "٣", "x/../y", "x" * 1_000)
_HOSTILE_QUERIES = (("limit", "-1"), ("count", "9" * 400), ("from", "x"), ("skip", "٣"), ("a[", ""))
REFUSALS = (
    WireRefusal(400, "BAD_REQUEST_ERROR", "The amount is wrong", field="amount"),
    WireRefusal(401, "AUTHENTICATION_ERROR", "Invalid API credentials"),
    WireRefusal(403, "FORBIDDEN", "This key may not change anything", reason="not_allowed"),
    WireRefusal(404, "NOT_FOUND_ERROR", "Order not found", reason="not_found"),
    WireRefusal(409, "CONFLICT", "In progress", reason="idempotency_in_progress"),
    WireRefusal(422, "IDEMPOTENCY_KEY_REUSED", "Reused", reason="idempotency_key_reused"),
    WireRefusal(429, "RATE_LIMITED", "Too many requests", retry_after_s=1),
    WireRefusal(502, "SERVER_ERROR", "The dialect failed", reason="plugin_failed"),
    WireRefusal(503, "SERVICE_UNAVAILABLE", "Try again", retry_after_s=1),
)
"""What the host and the gateway refuse."""


@dataclass(slots=True)
class RefusingGateway:
    """A gateway that finds nothing, and stores the calls.

    Args:
        keys: The idempotency key of each call that changes something.
    """

    keys: list[str | None] = field(default_factory=list)

    async def call(
        self,
        method: HttpMethod,
        path: str,  # noqa: ARG002 - required by the Protocol
        *,
        body: Mapping[str, Any] | None = None,  # noqa: ARG002 - the same
        query: Mapping[str, str] | None = None,  # noqa: ARG002 - the same
        idempotency_key: str | None = None,
        scenario: str | None = None,  # noqa: ARG002 - the same
    ) -> Any:
        if method != "GET":
            self.keys.append(idempotency_key)
        raise WireRefusal(404, "NOT_FOUND_ERROR", "Not found", reason="not_found")


@dataclass(slots=True)
class RecordsInMemory:
    """Records of one merchant."""

    rows: dict[tuple[str, str], Record] = field(default_factory=dict)

    async def get(self, kind: str, id: str) -> Record | None:
        return self.rows.get((kind, id))

    async def put(
        self,
        kind: str,
        id: str,
        data: Mapping[str, Any],
        *,
        version: int,
        keep: timedelta = RECORD_KEPT,  # noqa: ARG002 - the clock stands still
    ) -> Record | None:
        before = self.rows.get((kind, id))
        if version != (before.version if before else 0):
            return None
        new = Record(kind, id, data, 1, len(self.rows) + 1, NOW)
        after = replace(before, data=data, version=version + 1) if before else new
        self.rows[kind, id] = after
        return after

    async def list(self, kind: str, *, limit: int, after: Record | None = None) -> Sequence[Record]:
        found = [row for row in self.rows.values() if row.kind == kind]
        end = after.number if after else len(self.rows) + 1
        return [row for row in reversed(found) if row.number < end][:limit]


@dataclass(slots=True)
class WireStage:
    """The environment of a dialect in one check."""

    stage: Stage
    gateway: RefusingGateway = field(default_factory=RefusingGateway)
    records: RecordsInMemory = field(default_factory=RecordsInMemory)

    def context(self) -> WireContext:
        """Return the context of one request."""
        return WireContext(
            gateway=self.gateway,
            credentials=KEYS,
            clock=self.stage.clock,
            logger=self.stage.log,
            url="https://gateway.example/wire/kit",
            records=self.records,
        )

    async def answer(self, route: WireRoute, asked: WireRequest) -> Result[Any]:
        """Let a handler respond to a request."""
        return await run_async(lambda: route.handler(asked, self.context()))


def hostile_requests(route: WireRoute) -> list[WireRequest]:
    """Return requests to a route that no honest client sends."""
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]

    def asked(body: bytes = b"", type: str = "application/json", id: str = "x_1") -> WireRequest:
        places = dict.fromkeys(names, id)
        path = route.path.format_map(places)
        headers = {"content-type": type}
        return WireRequest(route.method, path, places, (), headers, body, "req_kit")

    found = [asked(body) for body in _HOSTILE_JSON] + [asked(body, FORM) for body in _HOSTILE_FORMS]
    found += [asked(id=id) for id in _HOSTILE_IDS]
    return found + [replace(asked(), query=(pair,)) for pair in _HOSTILE_QUERIES]


def route_of(dialect: WireDialect, asked: WireRequest) -> WireRoute | None:
    """Return the route of a sample; None if the dialect has none."""
    for route in dialect.routes:
        path = run_sync(lambda r=route: r.path.format_map(asked.places)).answer  # type: ignore[misc]  # bound at once
        if (route.method, path) == (asked.method, asked.path):
            return route
    return None


def refused(dialect: WireDialect, refusal: WireRefusal) -> Result[WireReply]:
    """Return how a dialect shows a refusal."""
    return cast("Result[WireReply]", run_sync(lambda: dialect.refuse(refusal)))
