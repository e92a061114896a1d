"""Webhooks in the dialect's shape, verified by the official package."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import razorpay
from razorpay.errors import SignatureVerificationError

from paygate.testing import PaygateServer
from tests.wire.receiving import Receiver, endpoint, receiving
from tests.wire.test_razorpay_python import paid


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_an_endpoint_that_names_the_sink_gets_its_events_and_no_others(
    client: razorpay.Client, paygate_server: PaygateServer, receiver: Receiver
):
    secret = endpoint(paygate_server, receiver, sink="razorpay_wire")["secret"]
    payment_id = paid(client)["razorpay_payment_id"]
    refund = client.payment.refund(payment_id, {"amount": 20_000})
    paygate_server.clock.advance(minutes=1)
    paygate_server.quiet()

    assert [body["event"] for body in receiver.bodies()] == [
        "payment.captured",
        "refund.created",
        "refund.processed",
    ]
    for headers, body in receiver.requests:
        signature = headers["X-Razorpay-Signature"]
        assert client.utility.verify_webhook_signature(body, signature, secret)
        with pytest.raises(SignatureVerificationError):
            client.utility.verify_webhook_signature(body + " ", signature, secret)
    captured, _, processed = (json.loads(body)["payload"] for _, body in receiver.requests)
    assert captured["payment"]["entity"]["id"] == payment_id
    assert captured["payment"]["entity"]["status"] == "captured"
    assert processed["refund"]["entity"] == client.refund.fetch(refund["id"])
    assert len({headers["X-Razorpay-Event-Id"] for headers, _ in receiver.requests}) == 3


def test_an_endpoint_that_names_no_sink_gets_no_events_of_the_dialect(
    client: razorpay.Client, paygate_server: PaygateServer, receiver: Receiver
):
    endpoint(paygate_server, receiver)
    paid(client)
    paygate_server.quiet()

    assert receiver.requests
    assert not any("X-Razorpay-Signature" in headers for headers, _ in receiver.requests)


def test_a_test_event_that_its_sink_does_not_deliver_is_refused_with_the_reason(
    paygate_server: PaygateServer, receiver: Receiver
):
    made = endpoint(paygate_server, receiver, sink="razorpay_wire")
    refused = paygate_server.call("POST", f"/webhook-endpoints/{made['id']}/test", {})

    assert (refused.status, refused.json["error"]["field"]) == (400, "event")
    assert "The sink razorpay_wire does not deliver webhook.test" in str(refused.json)


def test_a_sink_that_no_plugin_has_is_refused(paygate_server: PaygateServer, receiver: Receiver):
    refused = paygate_server.call(
        "POST", "/webhook-endpoints", {"url": receiver.url, "sink": "razorpay"}
    )

    assert (refused.status, refused.json["error"]["field"]) == (400, "sink")
    assert "razorpay_wire" in refused.json["error"]["hint"]
