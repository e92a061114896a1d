"""Checks and headers of every request: host names, origins and CORS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from quart import Quart, Response, request
from werkzeug.exceptions import HTTPException

from ..errors import ForeignPageError
from ..origins import is_loopback
from .documented import find_documented

ALLOWED_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = (
    "Content-Type, X-Api-Key, X-Api-Secret, X-Client-Secret, X-Csrf-Token, Idempotency-Key, "
    "Paygate-Scenario"
)
EXPOSED_HEADERS = "Idempotent-Replayed, Retry-After"
PREFLIGHT_AGE_S = 600
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

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
        hsts_s: Seconds of the ``Strict-Transport-Security`` header; 0 sends none.
    """

    credentialed: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None
    hsts_s: int = 0

    def allows_origin(self, origin: str) -> bool:
        """Whether a page of that origin may send API keys and read the response."""
        if origin in self.credentialed or origin in self.allowed or "*" in self.allowed:
            return True
        host = _host_name(origin)
        return host is not None and is_loopback(host)

    def allows_host(self, host: str) -> bool:
        """Whether the app may be reached with that host name, with or without a port."""
        if self.hosts is None:
            return True
        name = _host_name(f"//{host}")
        return name is not None and (is_loopback(name) or name in self.hosts or _is_address(name))


def register_middleware(app: Quart, policy: WebPolicy) -> None:
    """Check hosts and origins, answer preflights, and add the response headers.

    Any page may use the shoppers' routes, the checkout page and its scripts. Other routes may
    only be used by pages of this machine and of configured origins: a foreign page could use
    the published key pair of a developer's gateway.
    """

    @app.before_request
    async def check_host() -> None:
        if not policy.allows_host(request.host):
            raise ForeignPageError(
                f"This server is not reached by the name {request.host[:100]!r}; name it in "
                "PAYGATE_ALLOWED_HOSTS"
            )

    @app.before_request
    async def preflight() -> Response | None:
        return Response(status=204) if request.method == "OPTIONS" else None

    @app.before_request
    async def check_origin() -> None:
        origin = request.headers.get("Origin")
        if origin is None or request.method in SAFE_METHODS or _is_for_any_page(app):
            return
        # A page cannot send these headers unless a preflight allowed it.
        if "X-Api-Key" in request.headers or policy.allows_origin(origin):
            return
        if (_host_and_port(origin) or "") != request.host.lower():
            raise ForeignPageError("Pages of this origin may not use this route")

    @app.after_request
    async def response_headers(response: Response) -> Response:
        _allow_origin(response, policy, is_for_any_page=_is_for_any_page(app))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        if policy.hsts_s:
            response.headers["Strict-Transport-Security"] = f"max-age={policy.hsts_s}"
        return response


def _allow_origin(response: Response, policy: WebPolicy, *, is_for_any_page: bool) -> None:
    origin = request.headers.get("Origin", "")
    response.vary.add("Origin")
    if origin and origin in policy.credentialed:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
    elif is_for_any_page:
        response.headers["Access-Control-Allow-Origin"] = "*"
    elif origin and policy.allows_origin(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
    else:
        return
    response.headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
    response.headers["Access-Control-Allow-Headers"] = _allowed_headers(
        is_for_any_page=is_for_any_page
    )
    response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_AGE_S)


def _allowed_headers(*, is_for_any_page: bool) -> str:
    """Allow further headers on shoppers' routes, such as those of a tracing library."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    if is_for_any_page and _HEADER_NAMES.fullmatch(asked):
        return f"{ALLOWED_HEADERS}, {asked}"
    return ALLOWED_HEADERS


def _is_for_any_page(app: Quart) -> bool:
    """Whether the route uses no keys and no session, so that any page may use it."""
    endpoint = _endpoint(app)
    if endpoint is None:
        return False
    doc = find_documented(app.view_functions[endpoint])
    if doc is None:
        return "checkout_pages" in endpoint.split(".")
    return doc.is_for_any_page


def _endpoint(app: Quart) -> str | None:
    if request.method != "OPTIONS":
        return request.endpoint
    # For a preflight, the method of the announced request.
    asked = request.headers.get("Access-Control-Request-Method", "GET")
    adapter = app.create_url_adapter(request)
    if adapter is None:
        return None
    try:
        endpoint, _ = adapter.match(method=asked)
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
