"""Webhooks in the dialect's shape, verified by the official package."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from paygate.testing import PaygateServer
from tests.wire.receiving import Receiver, endpoint, receiving
from tests.wire.test_stripe_python import paid


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def verified(receiver: Receiver, client: stripe.StripeClient, secret: str) -> list[Any]:
    # The clock of the gateway is a test clock.
    return [
        client.construct_event(body, headers["Stripe-Signature"], secret, tolerance=None)
        for headers, body in receiver.requests
    ]


def test_an_endpoint_that_names_the_sink_gets_events_that_the_package_verifies(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer, receiver: Receiver
):
    secret = endpoint(paygate_server, receiver, sink="stripe_wire")["secret"]
    made = paid(stripe_client, metadata={"order": "7"}, customer=None)
    refund = stripe_client.v1.refunds.create(
        {"payment_intent": made.id, "amount": 500, "metadata": {"why": "cold"}}
    )
    paygate_server.clock.advance(minutes=1)
    paygate_server.quiet()

    events = verified(receiver, stripe_client, secret)
    assert [each.type for each in events] == [
        "payment_intent.succeeded",
        "refund.created",
        "refund.updated",
    ]
    assert len({each.id for each in events}) == 3
    paid_for, _, refunded = (each.data.object for each in events)
    assert (paid_for.id, paid_for.status, paid_for.amount_received) == (made.id, "succeeded", 2000)
    assert paid_for.metadata["order"] == "7"
    assert (paid_for.latest_charge, paid_for.created) == (made.latest_charge, made.created)
    assert (refunded.id, refunded.status, refunded.metadata["why"]) == (
        refund.id,
        "succeeded",
        "cold",
    )
    headers, body = receiver.requests[0]
    signature = headers["Stripe-Signature"]
    for wrong, key in ((f"{body} ", secret), (body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe_client.construct_event(wrong, signature, key, tolerance=None)


def test_held_failed_and_cancelled_payments_have_events(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer, receiver: Receiver
):
    secret = endpoint(paygate_server, receiver, sink="stripe_wire")["secret"]
    held = paid(stripe_client, capture_method="manual")
    stripe_client.v1.payment_intents.cancel(held.id)
    with pytest.raises(stripe.CardError):
        paid(stripe_client, "pm_card_chargeDeclinedInsufficientFunds")
    paygate_server.quiet()

    events = {each.type: each.data.object for each in verified(receiver, stripe_client, secret)}
    assert events.keys() == {
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
    }
    assert events["payment_intent.amount_capturable_updated"].status == "requires_capture"
    assert events["payment_intent.canceled"].status == "canceled"
    failed = events["payment_intent.payment_failed"]
    assert failed.last_payment_error.decline_code == "insufficient_funds"


def test_the_signature_has_the_time_of_the_attempt(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer, receiver: Receiver
):
    paygate_server.call("POST", "/test/clock/release", {})
    secret = endpoint(paygate_server, receiver, sink="stripe_wire")["secret"]
    paid(stripe_client)
    paygate_server.quiet()

    [(headers, body)] = receiver.requests
    event = stripe_client.construct_event(body, headers["Stripe-Signature"], secret)
    assert abs(event.created - time.time()) < 300


def test_past_events_are_those_of_the_webhooks(
    stripe_client: stripe.StripeClient, paygate_server: PaygateServer, receiver: Receiver
):
    secret = endpoint(paygate_server, receiver, sink="stripe_wire")["secret"]
    intent = paid(stripe_client, metadata={"order": "7"})
    paygate_server.clock.advance(minutes=1)
    stripe_client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    with pytest.raises(stripe.CardError):
        paid(stripe_client, "pm_card_chargeDeclined")
    paygate_server.clock.advance(minutes=1)
    paygate_server.quiet()
    sent = verified(receiver, stripe_client, secret)
    events = stripe_client.v1.events

    def shown(event: Any) -> tuple[Any, ...]:
        # What only the dialect knows may be stored after an attempt.
        about = event.data.object
        return (event.id, event.type, event.created, about.id, about.status, about.amount)

    def ids(**given: Any) -> list[str]:
        return [each.id for each in events.list(given).data]

    every = events.list().data
    assert {shown(each) for each in every} == {shown(each) for each in sent}
    assert [each.created for each in every] == sorted((e.created for e in sent), reverse=True)
    newest_first = [each.id for each in every]
    assert len(newest_first) == 4
    by_type = {each.type: each.id for each in every}
    assert events.retrieve(newest_first[0]).to_dict() == every[0].to_dict()
    assert [each.id for each in events.list({"limit": 1}).auto_paging_iter()] == newest_first
    last = events.list({"limit": 2, "ending_before": newest_first[3]})
    assert ([each.id for each in last.data], last.has_more) == (newest_first[1:3], True)
    assert ids(ending_before=newest_first[0]) == []
    assert ids(type="refund.updated") == [by_type["refund.updated"]]
    assert set(ids(type="refund.*")) == {by_type["refund.created"], by_type["refund.updated"]}
    wanted = ["refund.created", "payment_intent.succeeded", "invoice.paid"]
    assert set(ids(types=wanted)) == {by_type[each] for each in wanted[:2]}
    assert ids(type="invoice.paid") == []
    at = every[3].created
    assert ids(created=at) == ids(created={"lte": at}) == newest_first[3:]
    assert ids(created={"gt": at}) == newest_first[:3]
    assert ids(created={"gt": at}, starting_after=newest_first[2]) == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"starting_after": "evt_1", "ending_before": "evt_1"}, "ending_before"),
    ({"ending_before": "evt_1"}, "ending_before"),
    ({"type": "a", "types": ["b"]}, "types"),
    ({"types": ["b"] * 21}, "types"),
    ({"created": {"gte": "now"}}, "created[gte]"),
    ({"created": "9" * 30}, "created[gte]"),
    ({"delivery_success": True}, "delivery_success"),
]


def test_a_wrong_parameter_of_events_is_named(stripe_client: stripe.StripeClient):
    index: Any = stripe_client.v1.events.list
    for given, param in WRONG:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            index(given)
        assert (refused.value.http_status, refused.value.param) == (400, param), given
