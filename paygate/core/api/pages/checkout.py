"""The checkout page, its scripts, and its routes of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, NotRequired

from pydantic import BaseModel, Field
from pydantic.errors import PydanticUserError
from quart import Blueprint, Response, abort, request
from typing_extensions import TypedDict

from ...accounts.checkout_origins import origins_of_order, origins_of_payment
from ...deps import Deps
from ...errors import InfrastructureError
from ...ids import is_order_name
from ...money import unusual_exponents
from ...payments.model import Order
from ...payments.queries import find_order
from ...plugin_api.method import PaymentMethod
from ..context import dialect_of_app
from ..documented import PAID_AT, documented
from ..errors import json_response
from ..fields import ID_CHARS_MAX, Request, Searched, checked, message_of
from ..shapes import timestamp


class MethodsQuery(Request):
    """``GET /checkout/methods``."""

    order_id: Annotated[Searched, Field(max_length=ID_CHARS_MAX)] | None = Field(
        None, description="only methods that can pay this order"
    )


class MethodOfferedJson(TypedDict):
    """A payment method that a processor supports."""

    name: Annotated[str, Field(examples=["upi"])]
    title: str
    flows: list[str]
    schema: NotRequired[
        Annotated[dict[str, Any], Field(description="schema of its part of a payment request")]
    ]


class MethodsOfferedJson(TypedDict):
    """The payment methods that a shopper can use."""

    data: list[MethodOfferedJson]
    now: Annotated[str, Field(description="the gateway's time, used to check expiry dates")]


def parse_methods_order(query: Mapping[str, str]) -> str | None:
    """Parse ``?order_id=`` of ``GET /checkout/methods``."""
    return checked(MethodsQuery, message_of(query)).order_id


METHODS_EXAMPLE: MethodsOfferedJson = {
    "data": [
        {
            "name": "upi",
            "title": "UPI",
            "flows": ["collect"],
            "schema": {"type": "object", "properties": {"vpa": {"type": "string"}}},
        }
    ],
    "now": PAID_AT,
}
PAGES = ("/checkout", "/success", "/failure", "/sdk/checkout.html")
SCRIPTS: Mapping[str, str] = {
    "/checkout.js": "checkout.js",
    "/checkout.mjs": "checkout.mjs",
    "/sdk/checkout.js": "checkout.js",
    "/checkout/integrity.json": "integrity.json",
}
"""Path of the SDK → built file. The last one lists the hashes of the others."""
TYPES: Mapping[str, str] = {
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}

# Merchants' pages link the script by a fixed name, so a new version must be visible soon.
# The files that the page loads are named by content and never change.
SCRIPT_AGE_S = 300
ASSET_AGE_S = 31_536_000
API_META = '<meta name="paygate-api" content="">'
EXPONENTS_META = '<meta name="paygate-exponents" content="">'
SIMULATOR_META = '<meta name="paygate-simulator" content="">'
SIMULATOR = "/simulator"
Framers = Callable[[str, str], Awaitable[Sequence[str] | None]]
"""Returns the origins that may frame the page of an order and a payment (empty if its address
names none); None for any origin. May raise ``InfrastructureError``."""


@dataclass(frozen=True, slots=True)
class Built:
    """A built file of the SDK, in memory: the largest has some 30 kB."""

    body: bytes
    content_type: str
    etag: str


def blueprint(deps: Deps, *, api_origin: str = "", has_simulator: bool = False) -> Blueprint:
    """Serve the pages, the scripts and ``/api/v1/checkout/methods``. Has no prefix.

    Args:
        deps: The app.
        api_origin: See ``pages``.
        has_simulator: See ``pages``.
    """
    routes = Blueprint("checkout", __name__)

    async def framers(order: str, payment: str) -> Sequence[str] | None:
        # The page reads them in the same order.
        if payment:
            return await origins_of_payment(payment, deps)
        return await origins_of_order(order, deps) if order else None

    shown_pages = pages(api_origin=api_origin, has_simulator=has_simulator, framers=framers)
    routes.register_blueprint(shown_pages)
    offered = {code: _method(method) for code, method in deps.registry.methods.items()}

    @routes.get("/api/v1/checkout/methods")
    @documented(
        "List payment methods",
        MethodsOfferedJson,
        METHODS_EXAMPLE,
        access="anyone",
        query=MethodsQuery,
        about="With `order_id`, only methods for the amount, the currency and the capture mode "
        "of that order. UPI, for example, accepts only rupees. A card method publishes in its "
        "schema, under `x-card`, the rules that cards are checked with.",
        refuses=frozenset({403, 404}),
        from_any_page=True,
    )
    async def show_methods() -> Response:
        order_id = parse_methods_order(request.args)
        order = None if order_id is None else await _order(order_id, deps)
        flows = deps.registry.flows_for(order)
        methods = [{**offered[code], "flows": sorted(flows[code])} for code in flows]
        now = timestamp(deps.clock.now())
        return json_response({"data": methods, "now": now})

    return routes


async def _order(order_id: str, deps: Deps) -> Order:
    implied = await dialect_of_app().implied_order(order_id, request.args, deps)
    return implied or await find_order(order_id, None, deps)


def pages(
    *,
    framers: Framers,
    api_origin: str = "",
    has_simulator: bool = False,
    is_alone: bool = False,
) -> Blueprint:
    """Serve only the pages and the scripts, for a server of its own.

    Args:
        framers: Returns who may frame the requested page. If it fails, no page
            may.
        api_origin: Where the page finds the API, such as ``https://api.example``,
            if the API is not on the same origin.
        has_simulator: Link the pages that simulate the payer, and offer a test order
            if the address names none; never in production.
        is_alone: Whether the pages have a port of their own; ``/`` explains how to open a checkout.
    """
    routes = Blueprint("checkout_pages", __name__)
    folder = files("paygate.core.api") / "static" / "checkout"
    page = _page(folder, api_origin, SIMULATOR if has_simulator else "")
    policy = _content_security_policy(api_origin)
    scripts = {path: _built(folder / name) for path, name in SCRIPTS.items()}
    assets = {file.name: _built(file) for file in (folder / "assets").iterdir()}

    async def framers_now() -> Sequence[str] | None:
        named = request.args.get("order_id", ""), request.args.get("payment_id", "")
        if not all(is_order_name(name) for name in named if name):
            # Not a valid id; do not pass it to other code.
            return ()
        try:
            return await framers(*named)
        except InfrastructureError:
            return ()

    async def show_page() -> Response:
        response = _answer(page, cache="no-cache")
        parts = (policy, *_framed_by(await framers_now()))
        response.headers["Content-Security-Policy"] = "; ".join(parts)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    async def show_script() -> Response:
        return _answer(scripts[request.path], cache=f"public, max-age={SCRIPT_AGE_S}")

    for path in [*PAGES, *(["/"] if is_alone else [])]:
        routes.add_url_rule(path, view_func=show_page, methods=["GET"])
    for path in SCRIPTS:
        routes.add_url_rule(path, view_func=show_script, methods=["GET"])

    @routes.get("/checkout/assets/<name>")
    async def show_asset(name: str) -> Response:
        if name not in assets:
            abort(404)
        return _answer(assets[name], cache=f"public, max-age={ASSET_AGE_S}, immutable")

    return routes


def _method(method: PaymentMethod) -> Mapping[str, object]:
    info = method.info
    shown = {"name": info.code, "title": info.label}
    schema = _schema(info.input_model)
    return shown if schema is None else {**shown, "schema": schema}


def _schema(model: type[BaseModel]) -> Mapping[str, object] | None:
    """Return the JSON Schema of a model; None if it has none, then payments work anyway."""
    try:
        return model.model_json_schema()
    except PydanticUserError:
        return None


def _answer(built: Built, *, cache: str) -> Response:
    response = Response(built.body, content_type=built.content_type)
    if built.etag in request.if_none_match:
        response = Response(status=304)
    response.set_etag(built.etag)
    response.headers["Cache-Control"] = cache
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Merchants' pages may require this header of everything they load (COEP).
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _built(file: Traversable) -> Built:
    body = file.read_bytes()
    return Built(body, TYPES[file.name.rpartition(".")[2]], _etag(body))


def _page(folder: Traversable, api_origin: str, simulator: str) -> Built:
    given = (folder / "index.html").read_text("utf-8")
    places = {
        API_META: api_origin,
        SIMULATOR_META: simulator,
        EXPONENTS_META: unusual_exponents(),
    }
    for place, value in places.items():
        assert place in given, f"the page has no place {place}"
        named = place.replace('content=""', f'content="{escape(value, quote=True)}"')
        given = given.replace(place, named)
    body = given.encode()
    return Built(body, "text/html; charset=utf-8", _etag(body))


def _etag(body: bytes) -> str:
    return sha256(body).hexdigest()[:16]


def _content_security_policy(api_origin: str) -> str:
    """Return the policy: only the page's own files and the API."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src 'self' {api_origin}".rstrip(),
            # The QR code of a payment is text, and is shown as an image.
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _framed_by(origins: Sequence[str] | None) -> tuple[str, ...]:
    """Return no rule if any page may frame it: ``*`` would exclude pages opened from a file."""
    if origins is None:
        return ()
    return (" ".join(("frame-ancestors", *(origins or ["'none'"]))),)
