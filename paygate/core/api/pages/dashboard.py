"""The dashboard: one page for all its paths, and its assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from quart import Blueprint, Quart, Response, redirect, send_from_directory
from werkzeug.wrappers import Response as Redirect

from ...accounts.model import Role
from ...deps import TestMerchant
from ...ids import Ids
from ...money import unusual_exponents

BUILT = Path(__file__).parent.parent / "static" / "dashboard"

# The name of an asset contains a digest of its content, so it never changes.
IMMUTABLE = "public, max-age=31536000, immutable"
ASK_EVERY_TIME = "no-cache"


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """Settings of the dashboard.

    Args:
        api_origin: Such as ``http://localhost:8000``; empty if the API serves the pages.
        checkout_origin: Origin of ``checkout.js``, for the docs page; empty for the API's.
        is_alone: Whether it has a port of its own, with ``/`` and the short addresses.
        test_merchant: The credentials that the sign-in page shows; None in production.
    """

    api_origin: str = ""
    checkout_origin: str = ""
    is_alone: bool = False
    test_merchant: TestMerchant | None = None


def create_dashboard(ids: Ids, settings: DashboardSettings) -> Quart:
    """Create an app that serves only the dashboard."""
    app = Quart("paygate-dashboard", static_folder=None)
    app.register_blueprint(blueprint(ids, settings))
    return app


def blueprint(ids: Ids, settings: DashboardSettings) -> Blueprint:
    """Serve ``/login``, ``/dashboard`` with everything below it, and ``/dashboard.html``."""
    routes = Blueprint("dashboard", __name__)
    app_page = (BUILT / "index.html").read_text(encoding="utf-8")
    log_page = (BUILT / "logs.html").read_text(encoding="utf-8")

    def page(template: str) -> Response:
        # Dialogs add styles with this nonce to the page.
        nonce = ids.uuid().hex
        filled = _filled(template, {**_meta(settings), "csp-nonce": nonce})
        response = Response(filled, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _policy(settings.api_origin, nonce)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = ASK_EVERY_TIME
        return response

    @routes.get("/login")
    @routes.get("/dashboard", strict_slashes=False)
    @routes.get("/dashboard/<path:_place>")
    async def index(_place: str = "") -> Response:
        return page(app_page)

    @routes.get("/dashboard.html")
    async def logs() -> Response:
        return page(log_page)

    @routes.get("/dashboard/assets/<path:name>")
    async def assets(name: str) -> Response:
        return await _file(BUILT / "assets", name, IMMUTABLE)

    @routes.get("/dashboard/<any('icon.svg', 'logs.js', 'logs.css'):name>")
    async def plain(name: str) -> Response:
        return await _file(BUILT, name, ASK_EVERY_TIME)

    if settings.is_alone:
        _short_addresses(routes)
    return routes


def _short_addresses(routes: Blueprint) -> None:
    @routes.get("/")
    async def home() -> Redirect:
        return redirect("/login")

    @routes.get("/docs")
    async def docs() -> Redirect:
        return redirect("/dashboard/docs")

    @routes.get("/webhooks")
    async def webhooks() -> Redirect:
        return redirect("/dashboard/webhooks")


async def _file(folder: Path, name: str, cache: str) -> Response:
    response = await send_from_directory(folder, name)
    response.headers["Cache-Control"] = cache
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _meta(settings: DashboardSettings) -> Mapping[str, str]:
    """Return the settings of the page, with the test merchant's public credentials."""
    test = settings.test_merchant
    return {
        "paygate-api": settings.api_origin,
        "paygate-checkout": settings.checkout_origin,
        "paygate-exponents": unusual_exponents(),
        "paygate-roles": " ".join(Role),
        "paygate-test-key": test.api_key if test else "",
        "paygate-test-secret": test.api_secret if test else "",
    }


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(
            f'<meta name="{name}" content="" />',
            f'<meta name="{name}" content="{escape(value)}" />',
        )
    return template


def _policy(api_origin: str, nonce: str) -> str:
    """Return the policy: only own scripts, styles and responses; no framing."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self'",
            "font-src 'self'",
            f"connect-src 'self' {api_origin}".rstrip(),
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
