"""Checks of, and the guard around, wire dialects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from inspect import isawaitable
from typing import get_args

from ..core.errors import PluginContractError
from ..core.limits import PLUGIN_ID_CHARS_MAX
from ..core.plugin_api.http_client import HttpMethod
from ..core.plugin_api.wire import (
    Credentials,
    WireContext,
    WireDialect,
    WireRefusal,
    WireReply,
    WireRequest,
    WireRoute,
)
from .checks import check_function, shaped
from .guard_extensions import REPLY_BYTES_MAX, written
from .isolation import answered, contained
from .masking_logger import masked
from .results import one_of

_PLACE = re.compile(r"\{[a-z][a-z0-9_]*\}")
_PATH = re.compile(r"(/([A-Za-z0-9._~-]+|\{[a-z][a-z0-9_]*\}))+")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


def dialect_name(dialect: WireDialect) -> str:
    """Return a dialect's name if it can be served."""
    seen: set[str] = set()
    for route in dialect.routes:
        one_of(route.method, get_args(HttpMethod), "the method of a route")
        if not isinstance(route.path, str) or not _PATH.fullmatch(route.path):
            raise PluginContractError(
                f"the path of a route is {route.path!r}; write it as /v1/orders/{{id}}"
            )
        handler = f"handler of {route.method} {route.path}"
        check_function(route.handler, handler, ["request", "context"], is_awaited=True)
        name = f"{route.method} {_PLACE.sub('{}', route.path)}"
        if name in seen:
            raise PluginContractError(f"it has the route {name} twice")
        seen.add(name)
    check_function(dialect.authenticate, "authenticate", ["headers"], is_awaited=False)
    check_function(dialect.refuse, "refuse", ["refusal"], is_awaited=False)
    return shaped(dialect.name, PLUGIN_ID_CHARS_MAX)


@dataclass(frozen=True, slots=True)
class HostedWireDialect:
    """Implements ``GuardedWireDialect``."""

    plugin: str
    dialect: WireDialect
    secrets: Callable[[], Sequence[str]] = field(default=tuple, kw_only=True)

    def authenticate(self, headers: Mapping[str, str]) -> Credentials | None:
        given: object = contained(lambda: self.dialect.authenticate(headers), plugin=self.plugin)
        match given:
            case None | Credentials(key=str(), secret=str()):
                return given
            case _:
                raise PluginContractError(
                    f"its authenticate returned {type(given).__name__}, not Credentials",
                    plugin=self.plugin,
                )

    def refuse(self, refusal: WireRefusal) -> WireReply:
        def refused() -> WireReply:
            given: object = self.dialect.refuse(refusal)
            if not isinstance(given, WireReply):
                # Plain JSON would have status 200: to the client, the request has succeeded.
                raise PluginContractError(
                    f"its refuse returned {type(given).__name__}, not WireReply"
                )
            return _reply(given)

        return contained(refused, plugin=self.plugin)

    async def answer(
        self, route: WireRoute, asked: WireRequest, context: WireContext, deadline: timedelta
    ) -> WireReply:
        secrets = (*self.secrets(), context.credentials.secret)
        own = masked(context, secrets)

        async def checked() -> WireReply | WireRefusal:
            try:
                made: object = route.handler(asked, own)
                if not isawaitable(made):
                    raise PluginContractError(
                        f"its handler of {route.method} {route.path} is a plain def; "
                        "the host awaits it, use async def"
                    )
                return _reply(await made)
            except WireRefusal as refusal:
                # Not an error of the plugin.
                return refusal

        given = await answered(deadline, checked, plugin=self.plugin, secrets=secrets)
        if isinstance(given, WireRefusal):
            raise given
        return given


def _reply(answer: object) -> WireReply:
    reply = answer if isinstance(answer, WireReply) else WireReply(answer)
    if type(reply.status) is not int or not 200 <= reply.status <= 599:
        raise PluginContractError(f"returned the status {reply.status!r}")
    for name, value in reply.headers.items():
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise PluginContractError(f"returned the header {name!r} with an invalid value")
        if not _HEADER.fullmatch(name):
            raise PluginContractError(f"returned a header with the name {name!r}")
    if not isinstance(reply.body, bytes):
        return replace(reply, body=written(reply.body), content_type="application/json")
    if len(reply.body) > REPLY_BYTES_MAX:
        raise PluginContractError(f"returned {len(reply.body)} bytes")
    if not reply.content_type.isascii() or not reply.content_type.isprintable():
        raise PluginContractError("returned no content type")
    return reply
