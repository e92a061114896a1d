"""What happens around every request: hosts, origins, and the headers of every answer."""

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

# The names of headers, as a browser lists those that a script wants to send.
_HEADER_NAMES = re.compile(r"[A-Za-z0-9_-]{1,64}(, ?[A-Za-z0-9_-]{1,64}){0,31}")


@dataclass(frozen=True, slots=True)
class WebPolicy:
    """Which pages and which names may be used to reach an app.

    Args:
        credentialed: Origins of pages that may send a session's cookie and read the answer.
        allowed: Further origins whose pages may send API keys; ``*`` for every origin. Pages
            of this machine always may.
        hosts: Names by which the app is reached, beside addresses and this machine's own;
            None for any name. In development a page elsewhere could let its own name point
            here, and would then count as a page of ours.
        hsts_s: For how many seconds browsers are told to use TLS only; 0 tells them nothing.
    """

    credentialed: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = None
    hsts_s: int = 0

    def allows_origin(self, origin: str) -> bool:
        """Whether a page of that origin may send API keys and read the answer."""
        if origin in self.credentialed or origin in self.allowed or "*" in self.allowed:
            return True
        host = _host_name(origin)
        return host is not None and is_loopback(host)

    def allows_host(self, host: str) -> bool:
        """Whether the app may be reached by that name, with or without a port."""
        if self.hosts is None:
            return True
        name = _host_name(f"//{host}")
        return name is not None and (is_loopback(name) or name in self.hosts or _is_address(name))


def register_middleware(app: Quart, policy: WebPolicy) -> None:
    """Check where requests come from, answer preflights, and add the standing headers.

    Shoppers' routes, the checkout page and its scripts may be used by any page. Every other
    route only by pages of this machine and of configured origins: a page elsewhere could use
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
        # A page cannot send the keys' headers unless a preflight allowed it to.
        if "X-Api-Key" in request.headers or policy.allows_origin(origin):
            return
        if (_host_and_port(origin) or "") != request.host.lower():
            raise ForeignPageError("Pages of this origin may not use this route")

    @app.after_request
    async def standing_headers(response: Response) -> Response:
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
    """On shoppers' routes also what a shop's tracing library adds to every request."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    if is_for_any_page and _HEADER_NAMES.fullmatch(asked):
        return f"{ALLOWED_HEADERS}, {asked}"
    return ALLOWED_HEADERS


def _is_for_any_page(app: Quart) -> bool:
    """Whether the route takes no keys and no session, so that any page may use it."""
    endpoint = _endpoint(app)
    if endpoint is None:
        return False
    said = find_documented(app.view_functions[endpoint])
    if said is None:
        return "checkout_pages" in endpoint.split(".")
    return said.is_for_any_page


def _endpoint(app: Quart) -> str | None:
    if request.method != "OPTIONS":
        return request.endpoint
    # Of a preflight: the route that the request itself is going to ask for.
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
    """The host and port of an origin; None for what is no URL, such as ``null``."""
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
    # A page that came by an address came from there: only names can be made to point here.
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
