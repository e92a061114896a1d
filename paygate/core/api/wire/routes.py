"""Serve wire dialects: the APIs of other gateways that plugins offer.

A request is matched with a route of its dialect and authenticated; the route's handler then
uses the app's own API, see ``inner_gateway``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qsl

from quart import Blueprint, Quart, Response, request
from typing_extensions import TypedDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from ...accounts.authenticate import authenticate
from ...accounts.model import Caller, Role
from ...deps import Deps
from ...errors import (
    InfrastructureError,
    NotFoundError,
    OperatorError,
    PaygateError,
    PluginError,
)
from ...limits import WIRE_CALL, WIRE_UNKNOWN_MAX
from ...plugin_api.wire import (
    Credentials,
    WireContext,
    WireRefusal,
    WireReply,
    WireRequest,
    WireRoute,
)
from ...plugin_data.records import PluginRecords
from ...redaction import redact_text
from ...registry import GuardedWireDialect
from ..auth import merchant_of_request
from ..bodies import headers_of_request
from ..documented import documented
from ..errors import RETRY_AFTER_S, answer_to, json_response, place_in_plugin
from ..resources.extensions import HIDDEN_HEADERS, SANDBOX
from .inner_gateway import InnerGateway

PREFIX = "/wire"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
NOT_SUPPORTED, BAD_GATEWAY = 501, 502
log = logging.getLogger(__name__)


class UnsupportedCallJson(TypedDict):
    """A request that a dialect does not support, and how often it came."""

    dialect: str
    request: str
    count: int


class UnsupportedCallsJson(TypedDict):
    """Requests that no dialect supports, the most frequent first."""

    data: list[UnsupportedCallJson]


UNSUPPORTED_EXAMPLE: UnsupportedCallsJson = {
    "data": [{"dialect": "razorpay", "request": "GET /v1/settlements", "count": 3}]
}


def use_plugin_dialects(app: Quart, deps: Deps, *, root: str | None) -> None:
    """Serve the dialects of plugins.

    Args:
        app: The app.
        deps: Its dependencies.
        root: The dialect that is also served without its prefix, for clients that can be given
            a host name only.

    Raises:
        OperatorError: No plugin offers it.
    """
    app.register_blueprint(_blueprint(deps, app))
    if root is not None:
        _serve_at_root(app, deps, root)


def _serve_at_root(app: Quart, deps: Deps, name: str) -> None:
    if name not in deps.registry.dialects:
        known = ", ".join(sorted(deps.registry.dialects)) or "none"
        raise OperatorError(
            setting="PAYGATE_ROOT_DIALECT",
            problem=f"no plugin offers the dialect {name!r}",
            remedy=f"Choose from {known}",
        )
    inner: Any = app.asgi_app
    first = {route.path.split("/")[1] for route in deps.registry.dialects[name].dialect.routes}

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"][1:].partition("/")[0] in first:
            path = f"{PREFIX}/{name}"
            raw = scope.get("raw_path") or scope["path"].encode()
            scope = {**scope, "path": path + scope["path"], "raw_path": path.encode() + raw}
        await inner(scope, receive, send)

    app.asgi_app = asgi  # type: ignore[method-assign]  # Quart's way


def _blueprint(deps: Deps, app: Quart) -> Blueprint:
    """Serve ``/wire/{dialect}``, one rule for all dialects."""
    routes = Blueprint("wire", __name__)
    served = {
        name: _Served(name, hosted, deps, app) for name, hosted in deps.registry.dialects.items()
    }

    @routes.route(f"{PREFIX}/<dialect>", defaults={"rest": ""}, methods=METHODS)
    @routes.route(f"{PREFIX}/<dialect>/<path:rest>", methods=METHODS)
    async def view(dialect: str, rest: str) -> Response:
        if dialect not in served:
            raise NotFoundError("Dialect")
        return await served[dialect].answer(f"/{rest}")

    @routes.get("/api/v1/dialects/unsupported")
    @documented(
        "List requests that no dialect supports",
        UnsupportedCallsJson,
        UNSUPPORTED_EXAMPLE,
        about="Of the merchant's requests to `/wire` since this process started.",
        operation_id="listUnsupportedRequests",
    )
    async def unsupported() -> Response:
        merchant = await merchant_of_request(deps)
        rows: list[UnsupportedCallJson] = [
            {"dialect": name, "request": asked, "count": count}
            for name, each in served.items()
            for asked, count in each.unknown.get(str(merchant.id), Counter()).items()
        ]
        rows.sort(key=lambda row: (-row["count"], row["dialect"], row["request"]))
        return json_response({"data": rows})

    return routes


class _Served:
    """A dialect and its routes."""

    def __init__(self, name: str, hosted: GuardedWireDialect, deps: Deps, app: Quart) -> None:
        self._name = name
        self._hosted = hosted
        self._deps = deps
        self._app = app
        self._routes: list[WireRoute] = list(hosted.dialect.routes)
        self._map = Map(
            [
                Rule(
                    route.path.replace("{", "<").replace("}", ">"),
                    methods=[route.method],
                    endpoint=number,
                )
                for number, route in enumerate(self._routes)
            ],
            strict_slashes=False,
        )
        self.unknown: dict[str, Counter[str]] = {}
        """Merchant → requests without a route; at most ``WIRE_UNKNOWN_MAX`` different ones."""

    async def answer(self, path: str) -> Response:
        """Return the response to the current request."""
        try:
            try:
                reply = await self._reply(path)
            except WireRefusal as refusal:
                reply = self._refused(refusal)
        except PluginError as error:
            log.warning(
                "dialect %s failed on %s: %s%s",
                self._name,
                _shortly(path),
                redact_text(error.reason),
                place_in_plugin(error),
            )
            failed = WireRefusal(
                BAD_GATEWAY, "SERVER_ERROR", "The dialect failed", reason="plugin_failed"
            )
            try:
                reply = self._refused(failed)
            except PluginError:
                return json_response({"error": {"code": "SERVER_ERROR"}}, BAD_GATEWAY)
        response = Response(reply.body, status=reply.status, content_type=reply.content_type)
        for name, value in reply.headers.items():
            response.headers[name] = value
        response.headers["Content-Security-Policy"] = SANDBOX
        return response

    async def _reply(self, path: str) -> WireReply:
        headers = headers_of_request()
        credentials = self._hosted.authenticate(headers)
        caller = await self._checked(credentials)
        route, places = self._matched(path, str(caller.merchant.id))
        assert credentials is not None, "missing keys are refused"
        asked = WireRequest(
            method=request.method,
            path=path,
            places=places,
            # In the order of the URL: a MultiDict groups the values by name.
            query=tuple(
                parse_qsl(request.query_string.decode(errors="replace"), keep_blank_values=True)
            ),
            headers={
                name: value
                for name, value in headers.items()
                if name not in {*HIDDEN_HEADERS, "authorization"}
            },
            body=cast("bytes", await request.get_data(as_text=False)),
            id=self._deps.ids.token(),
        )
        gateway = InnerGateway(self._app, request.scope, credentials, self._name)
        context = WireContext(
            gateway=gateway,
            credentials=credentials,
            clock=self._deps.clock,
            logger=self._deps.logger,
            url=f"{request.host_url.rstrip('/')}{PREFIX}/{self._name}",
            records=PluginRecords(
                self._hosted.plugin,
                caller.merchant.id,
                self._deps,
                may_write=caller.role.covers(Role.SUPPORT),
            ),
        )
        try:
            return await self._hosted.answer(route, asked, context, WIRE_CALL)
        except WireRefusal as refusal:
            if refusal.status == NOT_SUPPORTED:
                self._count(str(caller.merchant.id), _shortly(path))
            raise

    async def _checked(self, credentials: Credentials | None) -> Caller:
        given = credentials or Credentials("", "")
        try:
            return await authenticate(
                api_key=given.key,
                api_secret=given.secret,
                ip=request.remote_addr,
                deps=self._deps,
            )
        except PaygateError as error:
            status, shown = answer_to(error)
            refused = shown["error"]
            is_temporary = isinstance(error, InfrastructureError)
            raise WireRefusal(
                status,
                refused["code"],
                refused["description"],
                reason=error.code,
                retry_after_s=RETRY_AFTER_S if is_temporary else None,
            ) from None

    def _matched(self, path: str, merchant_id: str) -> tuple[WireRoute, Mapping[str, str]]:
        try:
            number, places = self._map.bind("").match(path, request.method)
        except HTTPException:
            asked = _shortly(path)
            self._count(merchant_id, asked)
            raise WireRefusal(
                NOT_SUPPORTED,
                "NOT_SUPPORTED",
                f"paygate's dialect {self._name} does not support {asked}",
                reason="not_supported",
            ) from None
        return self._routes[number], places

    def _count(self, merchant_id: str, asked: str) -> None:
        known = sum(map(len, self.unknown.values()))
        counts = self.unknown.setdefault(merchant_id, Counter())
        if asked in counts or known < WIRE_UNKNOWN_MAX:
            counts[asked] += 1

    def _refused(self, refusal: WireRefusal) -> WireReply:
        reply = self._hosted.refuse(refusal)
        if refusal.retry_after_s is not None:
            return WireReply(
                reply.body,
                reply.status,
                {**reply.headers, "Retry-After": str(refusal.retry_after_s)},
                reply.content_type,
            )
        return reply


def _shortly(path: str) -> str:
    """Return the current request in one limited line."""
    return f"{request.method} {path}"[:100]
