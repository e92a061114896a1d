"""Checks and headers of every request: host names, origins and CORS."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from quart import Quart, Request, Response
from werkzeug.exceptions import HTTPException

from ..errors import ForeignPageError
from ..ids import REQUEST_ID, Ids, id_of_request
from ..origins import is_loopback
from ..senders.addresses import Network, client_address
from .bodies import refuse_body
from .context import current_request
from .documented import find_documented
from .ignored import IGNORED, ignored_of_request
from .rate_limiting import Limit, add_rate_headers

ALLOWED_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = (
    "Content-Type, X-Api-Key, X-Api-Secret, X-Client-Secret, X-Csrf-Token, Idempotency-Key, "
    "Paygate-Scenario, X-Request-Id"
)
EXPOSED_HEADERS = (
    "Idempotent-Replayed, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Paygate-Reason, "
    "Paygate-Ignored"
)
PREFLIGHT_AGE_S = 600
FORWARDED_FOR = b"x-forwarded-for"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Scope = MutableMapping[str, Any]

# Header names as a browser lists them in a preflight.
_HEADER_NAMES = re.compile(r"[A-Za-z0-9_-]{1,64}(, ?[A-Za-z0-9_-]{1,64}){0,31}")


@dataclass(frozen=True, slots=True)
class WebPolicy:
    """The origins and host names that may use an app.

    Args:
        credentialed: Origins whose pages may use a session's cookie and read the response.
        allowed: Further origins whose pages may send API keys; ``*`` for every origin. Pages
            of this machine always may.
        hosts: Host names of the app, beside addresses and this machine's names; None for any
            name. In development, a foreign page could resolve its own name to this server
            and would then count as a page of the same origin (DNS rebinding).
        proxies: Networks of trusted proxies, whose ``X-Forwarded-For`` names the client.
        hsts_s: Seconds of the ``Strict-Transport-Security`` header; 0 sends none.
    """

    credentialed: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None
    proxies: tuple[Network, ...] = ()
    hsts_s: int = 0

    def client_of(self, scope: Scope) -> tuple[str, int] | None:
        """Return the client's address and port; the port is unknown behind a proxy."""
        peer: tuple[str, int] | None = scope.get("client")
        if peer is None or not self.proxies:
            return peer
        named = [value for name, value in scope["headers"] if name.lower() == FORWARDED_FOR]
        found = client_address(peer[0], [value.decode("latin-1") for value in named], self.proxies)
        return peer if found == peer[0] else (found, 0)

    def allows_origin(self, origin: str) -> bool:
        """Check whether a page of that origin may send API keys and read the response."""
        if origin in self.credentialed or origin in self.allowed or "*" in self.allowed:
            return True
        host = _host_name(origin)
        return host is not None and is_loopback(host)

    def allows_host(self, host: str) -> bool:
        """Check whether the app may be reached with that host name, with or without a port."""
        return self.hosts is None or _allows_host(host, self.hosts)


@lru_cache(maxsize=256)
def _allows_host(host: str, hosts: frozenset[str]) -> bool:
    name = _host_name(f"//{host}")
    return name is not None and (is_loopback(name) or name in hosts or _is_address(name))


def register_middleware(
    app: Quart, policy: WebPolicy, ids: Ids, limit: Limit | None = None
) -> None:
    """Name requests, check hosts, origins and rate limits, answer preflights, add headers.

    Any page may use the shoppers' routes, the checkout page and its scripts. Other routes may
    only be used by pages of this machine and of configured origins: a foreign page could use
    the published key pair of a developer's gateway.
    """
    if policy.proxies:
        _name_clients(app, policy)

    @app.before_request
    async def check_request() -> Response | None:
        asked = current_request()
        REQUEST_ID.set(id_of_request(asked.headers.get("X-Request-Id"), ids))
        host = asked.host
        if not policy.allows_host(host):
            raise ForeignPageError(
                f"This server is not reached by the name {host[:100]!r}; name it in "
                "PAYGATE_ALLOWED_HOSTS"
            )
        if asked.method == "OPTIONS":
            return Response(status=204)
        origin = asked.headers.get("Origin")
        if origin is not None and not _may_use(asked, origin, policy, app):
            raise ForeignPageError("Pages of this origin may not use this route")
        refuse_body(asked)
        if limit is not None:
            await limit(asked)
        return None

    @app.after_request
    async def response_headers(response: Response) -> Response:
        headers, asked = response.headers, current_request()
        _allow_origin(response, asked, policy, app)
        add_rate_headers(asked, headers)
        headers["X-Request-Id"] = REQUEST_ID.get() or id_of_request(None, ids)
        headers["X-Content-Type-Options"] = "nosniff"
        if ignored := ignored_of_request(asked, app):
            headers[IGNORED] = ignored
        headers.setdefault("Cache-Control", "no-store")
        if policy.hsts_s:
            headers["Strict-Transport-Security"] = f"max-age={policy.hsts_s}"
        return response


def _name_clients(app: Quart, policy: WebPolicy) -> None:
    """Let ``remote_addr`` of each request be the client's address and not the proxy's."""
    inner: Any = app.asgi_app

    async def asgi(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "client": policy.client_of(scope)}
        await inner(scope, receive, send)

    app.asgi_app = asgi  # type: ignore[method-assign,assignment]  # Quart's way


def _may_use(asked: Request, origin: str, policy: WebPolicy, app: Quart) -> bool:
    """Check whether a page of that origin may use the route."""
    if asked.method in SAFE_METHODS or _is_for_any_page(asked, app):
        return True
    # A page cannot send these headers unless a preflight allowed it.
    if "X-Api-Key" in asked.headers or policy.allows_origin(origin):
        return True
    return (_host_and_port(origin) or "") == asked.host.lower()


def _allow_origin(response: Response, asked: Request, policy: WebPolicy, app: Quart) -> None:
    origin, headers = asked.headers.get("Origin", ""), response.headers
    headers["Vary"] = "Origin"
    is_for_any_page = _is_for_any_page(asked, app)
    if origin and origin in policy.credentialed:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Credentials"] = "true"
    elif is_for_any_page:
        headers["Access-Control-Allow-Origin"] = "*"
    elif origin and policy.allows_origin(origin):
        headers["Access-Control-Allow-Origin"] = origin
    else:
        return
    headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
    headers["Access-Control-Allow-Headers"] = _allowed_headers(
        asked, is_for_any_page=is_for_any_page
    )
    headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    headers["Access-Control-Max-Age"] = str(PREFLIGHT_AGE_S)


def _allowed_headers(asked: Request, *, is_for_any_page: bool) -> str:
    """Allow further headers on shoppers' routes, such as those of a tracing library."""
    further = asked.headers.get("Access-Control-Request-Headers", "")
    if is_for_any_page and _HEADER_NAMES.fullmatch(further):
        return f"{ALLOWED_HEADERS}, {further}"
    return ALLOWED_HEADERS


def _is_for_any_page(asked: Request, app: Quart) -> bool:
    """Check whether the route uses no keys and no session, so that any page may use it."""
    endpoint = _endpoint(asked, app)
    if endpoint is None:
        return False
    doc = find_documented(app.view_functions[endpoint])
    if doc is None:
        return "checkout_pages" in endpoint.split(".")
    return doc.is_for_any_page


def _endpoint(asked: Request, app: Quart) -> str | None:
    if asked.method != "OPTIONS":
        return asked.endpoint
    # For a preflight, the method of the announced request.
    method = asked.headers.get("Access-Control-Request-Method", "GET")
    adapter = app.create_url_adapter(asked)
    if adapter is None:
        return None
    try:
        endpoint, _ = adapter.match(method=method)
    except HTTPException:
        return None
    return endpoint if isinstance(endpoint, str) else None


def _host_and_port(origin: str) -> str | None:
    """Return the host and port of an origin; None if it is not a URL, such as ``null``."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _host_name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    # A request to an address cannot be caused by DNS rebinding, which needs a name.
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
