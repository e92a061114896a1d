"""Checkout Sessions with the official Python package."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import stripe

from paygate.testing import PaygateServer
from tests.wire.receiving import endpoint, receiving
from tests.wire.test_stripe_python import paid
from tests.wire.test_stripe_webhooks import verified

TEA = {"currency": "inr", "unit_amount": 700, "product_data": {"name": "Tea"}}
CUP = {"currency": "inr", "unit_amount": 600, "product_data": {"name": "Cup"}}
SALE: dict[str, Any] = {
    "mode": "payment",
    "line_items": [{"price_data": TEA, "quantity": 2}, {"price_data": CUP, "quantity": 1}],
    "success_url": "https://shop.example/done?id={CHECKOUT_SESSION_ID}",
}


def pay(server: PaygateServer, session: Any, **more: str) -> int:
    """Pay as the hosted page does; return the status."""
    url = urlsplit(session.url)
    [order], [secret] = parse_qs(url.query)["order_id"], parse_qs(url.fragment)["client_secret"]
    body = {"order_id": order, "method": "upi", "vpa": "asha@okaxis", **more}
    path = f"{server.url}/api/v1/payments/public"
    return httpx.post(path, json=body, headers={"X-Client-Secret": secret}).status_code


def test_a_session_is_paid_on_the_hosted_page(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    sessions = stripe_client.v1.checkout.sessions
    customer = stripe_client.v1.customers.create({"email": "asha@example.com"})
    made = sessions.create(
        {
            **SALE,
            "customer": customer.id,
            "client_reference_id": "cart-7",
            "metadata": {"cart": "7"},
            "payment_intent_data": {"metadata": {"order": "7"}, "description": "Two teas"},
        }
    )

    assert (made.object, made.status, made.payment_status) == ("checkout.session", "open", "unpaid")
    assert (made.amount_total, made.currency, made.payment_intent) == (2000, "inr", None)
    assert made.id.startswith("cs_test_")
    assert made.expires_at - made.created == 24 * 3600
    assert httpx.get(made.url).status_code == 200
    assert pay(paygate_server, made) == 201
    paygate_server.clock.advance(minutes=1)

    done = sessions.retrieve(made.id, {"expand": ["line_items", "payment_intent", "customer"]})
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert (done.client_reference_id, done.metadata["cart"]) == ("cart-7", "7")
    assert done.customer.email == "asha@example.com"
    intent = done.payment_intent
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    assert (intent.metadata["order"], intent.description) == ("7", "Two teas")
    items = [(each.description, each.quantity, each.amount_total) for each in done.line_items.data]
    assert items == [("Tea", 2, 1400), ("Cup", 1, 600)]
    listed = sessions.line_items.list(made.id, {"limit": 1}).auto_paging_iter()
    assert [each.price.unit_amount for each in listed] == [700, 600]
    assert [each.id for each in sessions.list({"payment_intent": intent.id}).data] == [made.id]
    assert stripe_client.v1.refunds.create({"payment_intent": intent.id}).amount == 2000
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        sessions.expire(made.id)


def test_a_session_that_has_ended_takes_no_payment(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    sessions = stripe_client.v1.checkout.sessions
    soon = int(paygate_server.clock.now.timestamp()) + 3600
    ended, left = sessions.create(SALE), sessions.create({**SALE, "expires_at": soon})

    options: Any = {"idempotency_key": "end"}
    assert sessions.expire(ended.id, None, options).status == "expired"
    assert sessions.expire(ended.id, None, options).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        sessions.expire(ended.id)
    assert left.expires_at == soon
    paygate_server.clock.advance(hours=1)
    for each in (ended, left):
        assert pay(paygate_server, each) == 400
        shown = sessions.retrieve(each.id)
        assert (shown.status, shown.url, shown.payment_intent) == ("expired", None, None)
    assert {each.id for each in sessions.list({"limit": 1}).auto_paging_iter()} == {
        ended.id,
        left.id,
    }


def test_held_money_completes_a_session_and_a_repeated_request_makes_no_other(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    sessions, options = stripe_client.v1.checkout.sessions, {"idempotency_key": "s"}
    held = {**SALE, "payment_intent_data": {"capture_method": "manual"}}
    made = sessions.create(held, options)
    assert sessions.create(held, options).id == made.id
    assert len(sessions.list().data) == 1
    card = {"number": "4000010000000019", "expiry_month": 12, "expiry_year": 2035, "cvv": "123"}
    assert pay(paygate_server, made, method="card", card=card) == 201
    paygate_server.clock.advance(minutes=1)

    done = sessions.retrieve(made.id)
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    stripe_client.v1.payment_intents.capture(done.payment_intent)
    assert sessions.retrieve(made.id).payment_status == "paid"


def test_sessions_have_events_and_other_payment_links_have_none(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    sessions = stripe_client.v1.checkout.sessions
    with receiving() as receiver:
        secret = endpoint(paygate_server, receiver, sink="stripe_wire")["secret"]
        done, ended, left = [sessions.create({**SALE, "metadata": {"n": str(n)}}) for n in range(3)]
        paid(stripe_client)
        unpaid = stripe_client.v1.payment_intents.create({"amount": 2000, "currency": "usd"})
        stripe_client.v1.payment_intents.cancel(unpaid.id)
        pay(paygate_server, done)
        sessions.expire(ended.id)
        paygate_server.clock.advance(hours=25)
        paygate_server.quiet()
        events = verified(receiver, stripe_client, secret)

    sent = {each.id: each for each in events if each.type.startswith("checkout.")}
    assert sorted((each.type, each.data.object.id) for each in sent.values()) == sorted(
        [
            ("checkout.session.completed", done.id),
            ("checkout.session.expired", ended.id),
            ("checkout.session.expired", left.id),
        ]
    )
    assert len(events) == len(sent) + 2
    [completed] = [each for each in sent.values() if each.type == "checkout.session.completed"]
    session = completed.data.object
    assert (session.status, session.payment_status, session.metadata["n"]) == (
        "complete",
        "paid",
        "0",
    )
    assert session.payment_intent == sessions.retrieve(done.id).payment_intent
    listed = stripe_client.v1.events.list({"type": "checkout.session.*", "limit": 2})
    found = {each.id: each.data.object.to_dict() for each in listed.auto_paging_iter()}
    assert found == {id: each.data.object.to_dict() for id, each in sent.items()}
    for of_link in paygate_server.call("GET", "/events?type=payment_link.paid&limit=9").json[
        "data"
    ]:
        if of_link["id"] not in sent:
            with pytest.raises(stripe.InvalidRequestError):
                stripe_client.v1.events.retrieve(of_link["id"])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"mode": "subscription"}, "mode"),
    ({"mode": ""}, "mode"),
    ({"success_url": ""}, "success_url"),
    ({"line_items": []}, "line_items"),
    ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items[0][price]"),
    ({"line_items": [{"price_data": TEA, "quantity": 0}]}, "line_items[0][quantity]"),
    (
        {"line_items": [{"price_data": {**TEA, "unit_amount": "x"}, "quantity": 1}]},
        "line_items[0][price_data][unit_amount]",
    ),
    (
        {"line_items": [{"price_data": {**TEA, "product_data": {}}, "quantity": 1}]},
        "line_items[0][price_data][product_data][name]",
    ),
    (
        {
            "line_items": [
                {"price_data": TEA, "quantity": 1},
                {"price_data": {**TEA, "currency": "usd"}, "quantity": 1},
            ]
        },
        "line_items",
    ),
    ({"expires_at": 1}, "expires_at"),
    ({"customer": "cus_unknown"}, "customer"),
    ({"discounts": [{"coupon": "x"}]}, "discounts"),
]


def test_a_wrong_parameter_of_a_session_is_named_and_makes_no_link(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer
):
    create: Any = stripe_client.v1.checkout.sessions.create
    for given, param in WRONG:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            create({**SALE, **given})
        assert (refused.value.http_status, refused.value.param) == (400, param), given

    assert paygate_server.call("GET", "/payment-links?limit=1").json["data"] == []
