"""Every call of the official Stripe package for Python that the matrix shows."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import stripe

from .matrix import OK, Column

INTENT = {"amount": 2000, "currency": "usd"}
HELD = {**INTENT, "capture_method": "manual", "payment_method": "pm_card_visa"}
CARD = {"type": "card", "card": {"token": "tok_visa"}}
PRICE = {"currency": "usd", "unit_amount": 700, "product_data": {"name": "Tea"}}
SALE = {
    "mode": "payment",
    "success_url": "https://shop.example",
    "line_items": [{"price_data": PRICE, "quantity": 1}],
}
NOTE = {"metadata": {"a": "b"}}
ONE = {"limit": 1}
Call = Callable[[Any, dict[str, Any]], Any]
"""A call of the client, given what the calls before it returned, by their names."""

CALLS: dict[str, Call] = {
    "customers.create": lambda v1, _: v1.customers.create({"email": "a@b.example"}),
    "customers.retrieve": lambda v1, of: v1.customers.retrieve(of["customers.create"].id),
    "customers.update": lambda v1, of: v1.customers.update(of["customers.create"].id, NOTE),
    "customers.list": lambda v1, _: v1.customers.list(ONE),
    "customers.search": lambda v1, _: v1.customers.search({"query": "email:'a'"}),
    "payment_methods.create": lambda v1, _: v1.payment_methods.create(CARD),
    "payment_methods.retrieve": lambda v1, of: v1.payment_methods.retrieve(
        of["payment_methods.create"].id
    ),
    "payment_methods.update": lambda v1, of: v1.payment_methods.update(
        of["payment_methods.create"].id, NOTE
    ),
    "payment_methods.attach": lambda v1, of: v1.payment_methods.attach(
        of["payment_methods.create"].id, {"customer": of["customers.create"].id}
    ),
    "payment_methods.list": lambda v1, of: v1.payment_methods.list(
        {"customer": of["customers.create"].id}
    ),
    "customers.payment_methods.list": lambda v1, of: v1.customers.payment_methods.list(
        of["customers.create"].id
    ),
    "payment_methods.detach": lambda v1, of: v1.payment_methods.detach(
        of["payment_methods.create"].id
    ),
    "payment_intents.create": lambda v1, _: v1.payment_intents.create(HELD),
    "payment_intents.retrieve": lambda v1, of: v1.payment_intents.retrieve(
        of["payment_intents.create"].id
    ),
    "payment_intents.update": lambda v1, of: v1.payment_intents.update(
        of["payment_intents.create"].id, NOTE
    ),
    "payment_intents.list": lambda v1, _: v1.payment_intents.list(ONE),
    "payment_intents.search": lambda v1, _: v1.payment_intents.search({"query": "amount:1"}),
    "payment_intents.confirm": lambda v1, of: v1.payment_intents.confirm(
        of["payment_intents.create"].id
    ),
    "payment_intents.capture": lambda v1, of: v1.payment_intents.capture(
        of["payment_intents.create"].id
    ),
    "payment_intents.cancel": lambda v1, _: v1.payment_intents.cancel(
        v1.payment_intents.create(INTENT).id
    ),
    "charges.retrieve": lambda v1, of: v1.charges.retrieve(
        of["payment_intents.confirm"].latest_charge
    ),
    "charges.list": lambda v1, _: v1.charges.list(ONE),
    "refunds.create": lambda v1, of: v1.refunds.create({"charge": of["charges.retrieve"].id}),
    "refunds.retrieve": lambda v1, of: v1.refunds.retrieve(of["refunds.create"].id),
    "refunds.update": lambda v1, of: v1.refunds.update(of["refunds.create"].id, NOTE),
    "refunds.list": lambda v1, _: v1.refunds.list(ONE),
    "checkout.sessions.create": lambda v1, _: v1.checkout.sessions.create(SALE),
    "checkout.sessions.retrieve": lambda v1, of: v1.checkout.sessions.retrieve(
        of["checkout.sessions.create"].id
    ),
    "checkout.sessions.update": lambda v1, of: v1.checkout.sessions.update(
        of["checkout.sessions.create"].id, NOTE
    ),
    "checkout.sessions.list": lambda v1, _: v1.checkout.sessions.list(ONE),
    "checkout.sessions.line_items.list": lambda v1, of: v1.checkout.sessions.line_items.list(
        of["checkout.sessions.create"].id
    ),
    "checkout.sessions.expire": lambda v1, of: v1.checkout.sessions.expire(
        of["checkout.sessions.create"].id
    ),
    "events.list": lambda v1, _: v1.events.list(ONE),
    "events.retrieve": lambda v1, of: v1.events.retrieve(of["events.list"].data[0].id),
    "customers.delete": lambda v1, of: v1.customers.delete(of["customers.create"].id),
    "balance.retrieve": lambda v1, _: v1.balance.retrieve(),
    "disputes.list": lambda v1, _: v1.disputes.list(ONE),
    "payouts.list": lambda v1, _: v1.payouts.list(ONE),
    "products.create": lambda v1, _: v1.products.create({"name": "Tea"}),
    "setup_intents.create": lambda v1, _: v1.setup_intents.create(),
    "subscriptions.list": lambda v1, _: v1.subscriptions.list(ONE),
    "test_helpers.test_clocks.list": lambda v1, _: v1.test_helpers.test_clocks.list(ONE),
    "webhook_endpoints.list": lambda v1, _: v1.webhook_endpoints.list(ONE),
}


def stripe_python(url: str, keys: tuple[str, str]) -> Column:
    """Make every call of the Python package."""
    key, base = f"sk_test_{keys[0]}:{keys[1]}", {"api": url}
    client: Any = stripe.StripeClient(key, base_addresses=base, max_network_retries=0)
    statuses: dict[str, int] = {}
    results: dict[str, Any] = {}
    for name, call in CALLS.items():
        try:
            results[name], statuses[name] = call(client.v1, results), OK
        except stripe.StripeError as error:
            statuses[name] = error.http_status or 0
    return Column("stripe", "Python", version("stripe"), statuses)
