"""What only some clients say: other paths and other words for the same things.

Five gateways' clients work against us unchanged. Where all of them agree, the
route is in the file of its resource; what only one of them does is here, as an
alias of a route or a translation of a body, and nowhere else.

The profile ``open-demo`` is the one that knows no merchants and no orders: calls
without keys are the test merchant's, and a payment brings its order along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast
from uuid import UUID

from quart import Quart, Response

from ...domain.errors import AuthenticationError
from ...domain.event import Event, EventType
from ...domain.ids import is_order_name
from ...domain.merchant import Merchant
from ...domain.order import Order
from ...domain.payment import Payment
from ...services.create_order import CreateOrder, create_order
from ...services.create_payment import CreatePayment
from ...services.deps import Deps, Profile
from ...services.queries import find_order, find_test_merchant
from .. import parse
from ..errors import json_response
from ..openapi import documented
from ..present import EventWords
from ..wire import answers as wire

Body = Mapping[str, Any]
Shown = TypeVar("Shown", bound=wire.PaymentCreated)

API = "/api/v1"
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)

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


def register_dialects(app: Quart, *, with_docs: bool = True) -> None:
    """Serve the aliases. After all routes: each is the very function of its original.

    Args:
        app: What serves them.
        with_docs: Serve the list of routes and a receiver for trying webhooks too.
    """
    for number, (method, path, endpoint) in enumerate(ALIASES):
        _alias(app, f"dialects.{number}", API + path, endpoint, {method})
    for rule in list(app.url_map.iter_rules()):
        # One gateway serves everything without the prefix as well.
        if rule.rule.startswith(API) and rule.methods:
            bare = rule.rule.removeprefix(API)
            methods = rule.methods - {"HEAD", "OPTIONS"}
            _alias(app, f"dialects.bare.{rule.endpoint}.{bare}", bare, rule.endpoint, methods)
    if with_docs:
        _development_routes(app)


def _development_routes(app: Quart) -> None:
    @app.post("/debug/webhook-receiver", endpoint="dialects_receiver")
    @app.post(f"{API}/debug/webhook-receiver", endpoint="dialects_api_receiver")
    @documented(
        "Receive any webhook",
        wire.Received,
        {"status": "success", "received": True},
        access="anyone",
        from_any_page=True,
    )
    async def receiver() -> Response:
        return json_response({"status": "success", "received": True})

    @app.get("/__routes", endpoint="dialects_routes")
    @documented(
        "List the routes",
        list[wire.RouteListed],
        [{"path": "/health", "methods": ["GET"]}],
        access="anyone",
    )
    async def routes() -> Response:
        shown = sorted({(rule.rule, *_methods(rule.methods)) for rule in app.url_map.iter_rules()})
        return json_response([{"path": path, "methods": methods} for path, *methods in shown])


def _alias(app: Quart, name: str, path: str, endpoint: str, methods: set[str]) -> None:
    # A blueprint's endpoint has one dot; more would be taken for nested blueprints.
    app.add_url_rule(
        path,
        endpoint=name.replace(".", "_"),
        view_func=app.view_functions[endpoint],
        methods=sorted(methods),
    )


def _methods(methods: set[str] | None) -> list[str]:
    return sorted((methods or set()) - {"HEAD", "OPTIONS"})


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


async def anybody(deps: Deps) -> Merchant:
    """Who somebody without keys is, in the profile that asks for none.

    Raises:
        AuthenticationError: The test merchant was never seeded.
    """
    merchant = await find_test_merchant(deps)
    if merchant is None or not merchant.is_active:
        raise AuthenticationError
    return merchant


async def owner_of_order(order_id: str, deps: Deps) -> UUID:
    """Whose order a shopper pays; an order that nobody made is the test merchant's.

    Raises:
        NotFoundError: There is no such order, and the profile makes none.
    """
    if deps.profile == "open-demo" and await deps.storage.orders.get(order_id) is None:
        return (await anybody(deps)).id
    return (await find_order(order_id, None, deps)).merchant_id


async def with_order(command: CreatePayment, body: Body, owner: UUID, deps: Deps) -> CreatePayment:
    """In the open profile: the payment with an order made of its own ``amount``.

    Its clients know no orders: each payment they ask for is one of its own, however
    often they name the same. So the name is used while the order takes a payment of
    that amount; else another order is made with the name as its receipt.
    """
    if deps.profile == "standard" or not is_order_name(command.order_id) or "amount" not in body:
        return command
    test_merchant = await anybody(deps)
    if owner != test_merchant.id:
        return command
    wanted = parse.order({**body, "receipt": command.order_id, "notes": None}, test_merchant)
    if await deps.storage.orders.get(command.order_id) is None:
        await create_order(replace(wanted, id=command.order_id), deps)
    # Locked: of payments that name it at once, one gets it and the others see that.
    await deps.storage.orders.lock(command.order_id)
    if await _takes(command.order_id, wanted, deps):
        return command
    return replace(command, order_id=(await create_order(wanted, deps)).id)


async def _takes(order_id: str, wanted: CreateOrder, deps: Deps) -> bool:
    order = await find_order(order_id, wanted.merchant, deps)
    return order.amount == wanted.amount and not await deps.storage.payments.has_live(order_id)


async def implied_order(order_id: str, query: Body, deps: Deps) -> Order | None:
    """In the open profile: the order that a payment of ``?amount=`` would make, under that name.

    None where the named order itself would be paid, see ``with_order``.
    """
    amount = str(query.get("amount", ""))
    if deps.profile == "standard" or not is_order_name(order_id) or not _WHOLE.fullmatch(amount):
        return None
    wanted: CreateOrder = parse.order({"amount": int(amount)}, await anybody(deps))
    there = await deps.storage.orders.get(order_id)
    if there is not None:
        is_ours = there.merchant_id == wanted.merchant.id
        if not is_ours or await _takes(order_id, wanted, deps):
            return None
    now = deps.clock.now()
    return Order(
        id=order_id,
        merchant_id=wanted.merchant.id,
        amount=wanted.amount,
        receipt=None,
        notes={},
        status="created",
        created_at=now,
        updated_at=now,
    )


async def with_receipt(shown: Shown, payment: Payment, deps: Deps) -> Shown:
    """In the open profile: a payment that says which name its order was made for."""
    if deps.profile == "standard":
        return shown
    order = await find_order(payment.order_id, None, deps)
    return cast("Shown", {**shown, "order_receipt": order.receipt}) if order.receipt else shown


def wants_bare_list(query: Body, deps: Deps) -> bool:
    """Whether the log of webhooks is read by a client that knows no envelope."""
    return deps.profile == "open-demo" and "limit" not in query and "offset" not in query


def health(shown: wire.Health, deps: Deps) -> wire.Health:
    """``GET /health`` in the open profile's words, and saying that it is on."""
    if deps.profile == "standard":
        return shown
    is_up = shown["status"] == "healthy"
    return {
        **shown,
        "status": "ok" if is_up else "error",
        "db": "Connected" if is_up else "not connected",
        "profile": deps.profile,
    }


class OpenDemoWords(EventWords):
    """See ``EventWords``; a refund that was given back is a success here."""

    def type_of(self, event: Event) -> str:
        """See ``EventPresenter.type_of``."""
        return "refund.success" if event.type == EventType.REFUND_PROCESSED else event.type


def event_words(profile: Profile) -> EventWords:
    """The words that events are told in."""
    return EventWords() if profile == "standard" else OpenDemoWords()
