"""What only some clients say: other paths and other words for the same things.

Five gateways' clients work against us unchanged. Where all of them agree, the
route is in the file of its resource; what only one of them does is here, as an
alias of a route or a translation of a body, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quart import Quart, Response

from ..errors import json_response

Body = Mapping[str, Any]

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
"""Method, path and the route whose answer it gets."""


def register_dialects(app: Quart) -> None:
    """Serve the aliases. After all routes: each is the very function of its original."""
    for number, (method, path, endpoint) in enumerate(ALIASES):
        app.add_url_rule(
            API + path,
            endpoint=f"dialects.{number}",
            view_func=app.view_functions[endpoint],
            methods=[method],
        )

    @app.post("/debug/webhook-receiver", endpoint="dialects.receiver")
    @app.post(f"{API}/debug/webhook-receiver", endpoint="dialects.api_receiver")
    async def receiver() -> Response:
        return json_response({"status": "success", "received": True})


def payment(body: Body) -> Body:
    """A payment request with a card's details beside the method, or its holder as ``name``."""
    if body.get("method") != "card":
        return body
    card = body.get("card")
    if isinstance(card, dict):
        if "name" in card and "holder_name" not in card:
            return {**body, "card": {**card, "holder_name": card["name"]}}
        return body
    return {**body, "card": _flat_card(body)} if "card_number" in body else body


def _flat_card(body: Body) -> dict[str, Any]:
    month, _, year = str(body.get("card_expiry", "")).partition("/")
    card = {
        "number": body["card_number"],
        "expiry_month": body.get("card_expiry_month", month.strip()),
        "expiry_year": body.get("card_expiry_year", year.strip()),
        "holder_name": body.get("card_holder_name"),
    }
    return {**card, "cvv": body["card_cvv"]} if "card_cvv" in body else card


def endpoint(body: Body) -> Body:
    """Webhook settings that say ``url`` and ``secret``."""
    words = {"url": "webhook_url", "secret": "webhook_secret"}
    renamed = {new: body[old] for old, new in words.items() if old in body and new not in body}
    return {**body, **renamed}
