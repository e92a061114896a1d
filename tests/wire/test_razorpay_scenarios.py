"""What the simulated bank and the shopper do, as a program with the official package sees it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import razorpay
import requests
from razorpay.errors import BadRequestError

from paygate.testing import PaygateServer
from tests.wire.test_razorpay_python import CARD, paid

ASKS, LOST, SLOW_REFUND = "4000010000000613", "4000010000000217", "4000010000000712"


def upi(client: razorpay.Client, vpa: str) -> dict[str, object]:
    order = client.order.create({"amount": 50_000, "currency": "INR", "payment_capture": 1})
    details = {"amount": 50_000, "currency": "INR", "order_id": order["id"], "method": "upi"}
    return client.payment.createUpi({**details, "upi": {"flow": "collect", "vpa": vpa}})


def test_a_upi_payment_is_approved(client: razorpay.Client):
    made = upi(client, "approve@sim")

    assert client.utility.verify_payment_signature(made)
    payment = client.payment.fetch(made["razorpay_payment_id"])
    assert (payment["method"], payment["vpa"], payment["status"]) == (
        "upi",
        "approve@sim",
        "captured",
    )


def test_a_shopper_approves_in_the_app_fifteen_seconds_later(
    client: razorpay.Client, paygate_server: PaygateServer
):
    made = upi(client, "collect_approved@sim")
    payment_id = made["razorpay_payment_id"]

    assert made["next"][0]["action"] in {"poll", "redirect"}
    assert client.payment.fetch(payment_id)["status"] == "created"
    paygate_server.clock.advance(seconds=16)
    assert client.payment.fetch(payment_id)["status"] == "captured"


def test_a_challenge_has_a_page_and_then_an_outcome(
    client: razorpay.Client, paygate_server: PaygateServer
):
    made = paid(client, card={**CARD, "number": ASKS})
    payment_id = made["razorpay_payment_id"]

    (step,) = made["next"]
    assert step["action"] == "redirect"
    assert step["url"] == f"{paygate_server.url}/simulator/bank?payment_id={payment_id}"
    assert requests.get(step["url"], timeout=10).status_code == 200
    assert client.payment.fetch(payment_id)["status"] == "created"
    paygate_server.clock.advance(seconds=21)
    assert client.payment.fetch(payment_id)["status"] == "captured"


def test_an_answer_of_the_bank_that_is_lost_charges_once(
    client: razorpay.Client, paygate_server: PaygateServer
):
    made = paid(client, card={**CARD, "number": LOST})
    payment_id = made["razorpay_payment_id"]
    paygate_server.clock.advance(minutes=10)

    assert client.payment.fetch(payment_id)["status"] == "captured"
    order = client.order.fetch(client.payment.fetch(payment_id)["order_id"])
    assert (order["status"], order["attempts"], order["amount_paid"]) == ("paid", 1, 50_000)


def test_a_refund_takes_a_day(client: razorpay.Client, paygate_server: PaygateServer):
    payment_id = paid(client, card={**CARD, "number": SLOW_REFUND})["razorpay_payment_id"]
    refund_id = client.payment.refund(payment_id, {})["id"]

    paygate_server.clock.advance(hours=23)
    assert client.refund.fetch(refund_id)["status"] == "pending"
    paygate_server.clock.advance(hours=2)
    assert client.refund.fetch(refund_id)["status"] == "processed"


def test_a_repeated_refund_with_its_key_is_one_refund(client: razorpay.Client):
    payment_id = paid(client)["razorpay_payment_id"]
    client.session.headers["X-Refund-Idempotency"] = "refund-7"

    first = client.payment.refund(payment_id, {"amount": 20_000})
    again = client.payment.refund(payment_id, {"amount": 20_000})

    assert again == first
    assert client.payment.fetch(payment_id)["amount_refunded"] == 20_000
    with pytest.raises(BadRequestError, match="Idempotency-Key"):
        client.payment.refund(payment_id, {"amount": 10_000})


def test_a_repeated_refund_of_all_that_is_left_is_one_refund(client: razorpay.Client):
    payment_id = paid(client)["razorpay_payment_id"]
    client.session.headers["X-Refund-Idempotency"] = "refund-8"

    first = client.payment.refund(payment_id, {})
    again = client.payment.refund(payment_id, {})

    assert (first["amount"], again) == (50_000, first)


def test_payments_of_an_order_at_once_charge_it_once(
    client: razorpay.Client, base_url: str, paygate_server: PaygateServer
):
    order = client.order.create({"amount": 50_000, "currency": "INR", "payment_capture": 1})
    details = {"amount": 50_000, "currency": "INR", "order_id": order["id"], "method": "card"}
    keys = (paygate_server.api_key, paygate_server.api_secret)

    def pay(_: int) -> str | None:
        try:
            own = razorpay.Client(auth=keys, base_url=base_url)
            made = own.payment.createPaymentJson({**details, "card": CARD})
        except BadRequestError:
            return None
        return str(made["razorpay_payment_id"])

    with ThreadPoolExecutor(6) as shoppers:
        paid_by = [each for each in shoppers.map(pay, range(6)) if each is not None]

    rows = client.order.payments(order["id"])["items"]
    assert [row["id"] for row in rows if row["captured"]] == paid_by
    assert len(paid_by) == 1


def test_a_call_that_is_not_supported_says_so(base_url: str, paygate_server: PaygateServer):
    keys = (paygate_server.api_key, paygate_server.api_secret)
    answer = requests.get(f"{base_url}/v1/settlements", auth=keys, timeout=10)

    assert answer.status_code == 501
    assert "GET /v1/settlements" in answer.json()["error"]["description"]
    listed = paygate_server.call("GET", "/dialects/unsupported").json["data"]
    assert {"dialect": "razorpay", "request": "GET /v1/settlements", "count": 1} in listed
