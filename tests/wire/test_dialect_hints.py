"""A refusal of the gateway keeps its hint in the format of a dialect."""

from __future__ import annotations

import pytest

from tests.harness.apps import TestApp

from .speakers import AMOUNT, speaker
from .test_dialect_tenancy import INTENTS


async def test_a_payment_method_that_is_not_installed_names_those_that_are(installed: TestApp):
    client = speaker(installed, "razorpay")
    order = await client.made("/v1/orders", {"amount": AMOUNT})

    reply = await client.ask(
        "POST", "/v1/payments/create/json", {"order_id": order["id"], "method": "netbanking"}
    )

    error = reply.json["error"]
    assert (reply.status, error["field"]) == (400, "method")
    assert error["description"] == "Invalid payment method. Use one of: card, upi"


async def test_without_the_method_card_an_intent_names_the_installed_ones(
    installed: TestApp, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delitem(installed.app.deps.registry.methods, "card")
    body = {"amount": AMOUNT, "currency": "usd"}
    paying = {**body, "payment_method": "pm_card_visa", "confirm": "true"}

    reply = await speaker(installed, "stripe").ask("POST", INTENTS, paying)

    assert (reply.status, reply.json["error"]["param"]) == (400, "method")
    assert reply.json["error"]["message"] == "Invalid payment method. Use one of: upi"
