"""Aliases of routes, and names of request fields, for clients of other gateways."""

from __future__ import annotations

from typing import Any, Literal

from quart import Quart, Response
from typing_extensions import TypedDict

from ..dialect import Body, Dialect
from ..documented import documented
from ..errors import json_response


class RouteListedJson(TypedDict):
    """A path and its methods."""

    path: str
    methods: list[str]


class ReceivedJson(TypedDict):
    """A webhook was received."""

    status: Literal["success"]
    received: bool


API = "/api/v1"
ALIASES: tuple[tuple[str, str, str], ...] = (
    ("GET", "/payments/public/<payment_id>", "payments.show_public"),
    ("GET", "/merchants/profile", "webhooks.config"),
    ("GET", "/webhooks/config", "webhooks.config"),
    ("PUT", "/webhooks/config", "webhooks.configure"),
    ("POST", "/webhooks/config", "webhooks.configure"),
    ("PUT", "/merchant/webhook", "webhooks.configure"),
    ("PUT", "/merchants/webhook", "webhooks.configure"),
    ("PATCH", "/merchants/webhook", "webhooks.configure"),
    ("POST", "/webhooks/regenerate-secret", "webhooks.regenerate"),
    ("POST", "/webhooks/secret/regenerate", "webhooks.regenerate"),
    ("POST", "/merchants/webhook/regenerate-secret", "webhooks.regenerate"),
    ("POST", "/merchants/webhook/test", "webhooks.send_test"),
)
"""Method, path and the route that serves it."""


class OtherGateways(Dialect):
    """paygate's own API, with the paths and fields of other gateways."""

    renamed_fields = frozenset({"url", "secret"})

    def register(self, app: Quart, *, with_docs: bool) -> None:
        """Register the aliases: each has the same function as its original."""
        for number, (method, path, endpoint) in enumerate(ALIASES):
            _alias(app, f"dialects.{number}", API + path, endpoint, {method})
        for rule in list(app.url_map.iter_rules()):
            # One of the gateways serves everything without the prefix too.
            if rule.rule.startswith(API) and rule.methods:
                bare = rule.rule.removeprefix(API)
                methods = rule.methods - {"HEAD", "OPTIONS"}
                _alias(app, f"dialects.bare.{rule.endpoint}.{bare}", bare, rule.endpoint, methods)
        if with_docs:
            _development_routes(app)

    def payment_body(self, body: Body) -> Body:
        """Accept card details on the top level, and the card holder as ``name``."""
        if body.get("method") != "card":
            return body
        card = body.get("card")
        if isinstance(card, dict):
            if "name" in card and "holder_name" not in card:
                return {**body, "card": {**card, "holder_name": card["name"]}}
            return body
        return {**body, "card": _flat_card(body)} if "card_number" in body else body

    def endpoint_body(self, body: Body) -> Body:
        """Accept ``url`` and ``secret``."""
        words = {"url": "webhook_url", "secret": "webhook_secret"}
        renamed = {new: body[old] for old, new in words.items() if old in body and new not in body}
        return {**body, **renamed}


def _development_routes(app: Quart) -> None:
    @app.post("/debug/webhook-receiver", endpoint="dialects_receiver")
    @app.post(f"{API}/debug/webhook-receiver", endpoint="dialects_api_receiver")
    @documented(
        "Receive any webhook",
        ReceivedJson,
        {"status": "success", "received": True},
        access="anyone",
        from_any_page=True,
    )
    async def receiver() -> Response:
        return json_response({"status": "success", "received": True})

    @app.get("/__routes", endpoint="dialects_routes")
    @documented(
        "List the routes",
        list[RouteListedJson],
        [{"path": "/health", "methods": ["GET"]}],
        access="anyone",
    )
    async def routes() -> Response:
        shown = sorted({(rule.rule, *_methods(rule.methods)) for rule in app.url_map.iter_rules()})
        return json_response([{"path": path, "methods": methods} for path, *methods in shown])


def _alias(app: Quart, name: str, path: str, endpoint: str, methods: set[str]) -> None:
    # The endpoint of a blueprint contains one dot; more would mean nested blueprints.
    app.add_url_rule(
        path,
        endpoint=name.replace(".", "_"),
        view_func=app.view_functions[endpoint],
        methods=sorted(methods),
    )


def _methods(methods: set[str] | None) -> list[str]:
    return sorted((methods or set()) - {"HEAD", "OPTIONS"})


def _flat_card(body: Body) -> dict[str, Any]:
    month, _, year = str(body.get("card_expiry", "")).partition("/")
    card = {
        "number": body["card_number"],
        "expiry_month": body.get("card_expiry_month", month.strip()),
        "expiry_year": body.get("card_expiry_year", year.strip()),
        "holder_name": body.get("card_holder_name"),
    }
    return {**card, "cvv": body["card_cvv"]} if "card_cvv" in body else card
