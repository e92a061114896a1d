"""The simulated bank and UPI phone. Not served in production."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from importlib.resources import files

from quart import Blueprint, Response, abort

from ...deps import Deps
from ...money import unusual_exponents

PAGES = {"/simulator/bank": "bank.html", "/simulator/upi": "phone.html"}
"""Path of a page → its built file."""
TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}

# Only own files and the API. Like those of a real bank, the pages must not be framed:
# a frame could show a button over them.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
ASSET_AGE_S = 31_536_000


def blueprint(deps: Deps) -> Blueprint:
    """Serve ``/simulator/bank``, ``/simulator/upi`` and their files. Has no prefix."""
    routes = Blueprint("simulator", __name__)
    folder = files("paygate.core.api") / "static" / "simulator"
    assets = {file.name: file.read_bytes() for file in (folder / "assets").iterdir()}

    for path, name in PAGES.items():
        text = _filled((folder / name).read_text("utf-8"), deps)
        routes.add_url_rule(
            path, endpoint=name.partition(".")[0], view_func=_showing(text), methods=["GET"]
        )

    @routes.get("/simulator/assets/<name>")
    async def asset(name: str) -> Response:
        if name not in assets:
            abort(404)
        response = Response(assets[name], content_type=TYPES[name.rpartition(".")[2]])
        # Named by its content, so it never changes.
        response.headers["Cache-Control"] = f"public, max-age={ASSET_AGE_S}, immutable"
        return response

    return routes


def _showing(text: str) -> Callable[[], Awaitable[Response]]:
    async def show() -> Response:
        response = Response(text, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-cache"
        return response

    return show


def _filled(page: str, deps: Deps) -> str:
    """Fill the page's settings, with the test merchant's public credentials."""
    values = {"exponents": unusual_exponents()}
    if merchant := deps.policy.test_merchant:
        values |= {"test-key": merchant.api_key, "test-secret": merchant.api_secret}
    for name, value in values.items():
        given = f'<meta name="paygate-{name}" content="">'
        page = page.replace(given, given.replace('""', f'"{escape(value, quote=True)}"'))
    return page
