"""The checkout page, its script, and what it asks the API."""

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
        None, description="only what can pay this order"
    )


class MethodOfferedJson(TypedDict):
    """A payment method that some processor here carries out."""

    name: Annotated[str, Field(examples=["upi"])]
    title: str
    flows: list[str]
    schema: NotRequired[Annotated[dict[str, Any], Field(description="of its part of a payment")]]


class MethodsOfferedJson(TypedDict):
    """What a shopper may choose from."""

    data: list[MethodOfferedJson]
    now: Annotated[str, Field(description="the gateway's time, by which it judges expiry dates")]


def parse_methods_order(query: Mapping[str, str]) -> str | None:
    """``?order_id=`` of ``GET /checkout/methods``."""
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
"""Where the SDK is served → which built file that is. The last one is the hashes of the others."""
TYPES: Mapping[str, str] = {
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}

# Merchants' pages link the script for years by one name, so a new one must be
# seen soon; what the page loads is named after its content and never changes.
SCRIPT_AGE_S = 300
ASSET_AGE_S = 31_536_000
API_META = '<meta name="paygate-api" content="">'
EXPONENTS_META = '<meta name="paygate-exponents" content="">'
SIMULATOR_META = '<meta name="paygate-simulator" content="">'
SIMULATOR = "/simulator"
Framers = Callable[[str, str], Awaitable[Sequence[str] | None]]
"""The origins that may frame the page of an order and a payment (empty where its address names
none); None where any may. May raise ``InfrastructureError``."""


@dataclass(frozen=True, slots=True)
class Built:
    """A file of the built SDK, held in memory: the largest is some 30 kB."""

    body: bytes
    content_type: str
    etag: str


def blueprint(deps: Deps, *, api_origin: str = "", has_simulator: bool = False) -> Blueprint:
    """The pages, the scripts and ``/api/v1/checkout/methods``. Has no prefix.

    Args:
        deps: The app.
        api_origin: See ``pages``.
        has_simulator: See ``pages``.
    """
    routes = Blueprint("checkout", __name__)

    async def framers(order: str, payment: str) -> Sequence[str] | None:
        # In the order in which the page itself reads them.
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
        about="With `order_id`, only what can pay that order: its amount, its currency and its "
        "way to capture. UPI, for one, takes rupees only. A method of cards publishes in its "
        "schema, under `x-card`, the rules that a card is judged by.",
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
    """Only the pages and the scripts, for a server of their own.

    Args:
        framers: Who may frame the page that is asked for. While this cannot be known, no
            page may.
        api_origin: Where the page finds the API, such as ``https://api.example``,
            when that is not where the page is served.
        has_simulator: Show the way to the pages that play the payer, and offer a test order
            where none is named; never in production.
        is_alone: On a port of its own, where ``/`` is free: it says how to open a checkout.
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
            # No id of ours, and whatever reads it may make another of it.
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
    """None for a model that JSON Schema cannot describe: payments by it still work."""
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
    # A merchant's page may itself demand that whatever it loads agrees to be loaded.
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
    """Nothing but our own files and API."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src 'self' {api_origin}".rstrip(),
            # A QR code to pay by comes with the payment, as text, and is shown as an image.
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _framed_by(origins: Sequence[str] | None) -> tuple[str, ...]:
    """No rule at all where any page may: ``*`` leaves out pages opened from a file."""
    if origins is None:
        return ()
    return (" ".join(("frame-ancestors", *(origins or ["'none'"]))),)
