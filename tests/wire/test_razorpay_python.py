"""The official Python package, unchanged but for its base URL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import razorpay
from razorpay.errors import BadRequestError, SignatureVerificationError

from paygate.testing import PaygateServer

APPROVED = "4000010000000019"
CARD = {"number": APPROVED, "name": "Asha Rao", "expiry_month": 12, "expiry_year": 35, "cvv": 123}


def paid(client: razorpay.Client, *, captured: bool = True, **more: object) -> dict[str, str]:
    order = client.order.create(
        {"amount": 50_000, "currency": "INR", "receipt": "tea-1", "payment_capture": captured}
    )
    return client.payment.createPaymentJson(
        {
            "amount": 50_000,
            "currency": "INR",
            "order_id": order["id"],
            "email": "a@b.example",
            "contact": "9999999999",
            "method": "card",
            "card": CARD,
            **more,
        }
    )


def test_an_order_is_created_shown_and_listed(client: razorpay.Client):
    order = client.order.create(
        {"amount": 50_000, "currency": "INR", "receipt": "tea-1", "notes": {"sku": "tea"}}
    )

    assert order["entity"] == "order"
    assert (order["amount"], order["amount_due"], order["amount_paid"]) == (50_000, 50_000, 0)
    assert (order["status"], order["attempts"], order["notes"]) == ("created", 0, {"sku": "tea"})
    assert client.order.fetch(order["id"]) == order
    assert client.order.all({"count": 1})["items"] == [order]
    assert client.order.all({"receipt": "tea-1"})["items"] == [order]
    assert client.order.payments(order["id"])["items"] == []


def test_a_card_payment_is_signed_as_checkout_signs_it(client: razorpay.Client):
    made = paid(client)

    assert client.utility.verify_payment_signature(made)
    payment = client.payment.fetch(made["razorpay_payment_id"])
    assert (payment["status"], payment["captured"], payment["method"]) == ("captured", True, "card")
    assert payment["card"]["last4"] == "0019"
    order = client.order.fetch(made["razorpay_order_id"])
    assert (order["status"], order["attempts"], order["amount_due"]) == ("paid", 1, 0)
    with pytest.raises(SignatureVerificationError):
        client.utility.verify_payment_signature({**made, "razorpay_signature": "0" * 64})


def test_a_payment_is_only_authorized_until_it_is_captured(client: razorpay.Client):
    made = paid(client, captured=False)
    payment_id = made["razorpay_payment_id"]

    assert client.payment.fetch(payment_id)["status"] == "authorized"
    with pytest.raises(BadRequestError, match="equal to the amount authorized"):
        client.payment.capture(payment_id, 100)
    assert client.payment.capture(payment_id, 50_000, {"currency": "INR"})["status"] == "captured"
    with pytest.raises(BadRequestError, match="already been captured"):
        client.payment.capture(payment_id, 50_000)


def test_a_payment_is_refunded_in_part_and_then_in_full(
    client: razorpay.Client, paygate_server: PaygateServer
):
    payment_id = paid(client)["razorpay_payment_id"]

    part = client.payment.refund(payment_id, {"amount": 20_000})
    assert (part["amount"], part["payment_id"], part["entity"]) == (20_000, payment_id, "refund")
    assert client.payment.fetch(payment_id)["refund_status"] == "partial"
    rest = client.payment.refund(payment_id, {})
    assert rest["amount"] == 30_000
    with pytest.raises(BadRequestError, match="fully refunded"):
        client.payment.refund(payment_id, {})
    paygate_server.clock.advance(minutes=1)

    assert client.payment.fetch(payment_id)["status"] == "refunded"
    assert client.refund.fetch(part["id"])["status"] == "processed"
    assert client.payment.fetch_refund_id(payment_id, part["id"])["id"] == part["id"]
    rows = client.payment.fetch_multiple_refund(payment_id)["items"]
    assert {row["id"] for row in rows} == {rest["id"], part["id"]}
    pages = [client.refund.all({"count": 1, "skip": skip})["items"] for skip in (0, 1, 2)]
    assert [len(page) for page in pages] == [1, 1, 0]
    assert {page[0]["id"] for page in pages[:2]} == {rest["id"], part["id"]}


def test_a_declined_payment_is_an_error_with_its_reason(client: razorpay.Client):
    with pytest.raises(BadRequestError, match="Payment processing failed"):
        paid(client, card={**CARD, "number": "4000010000000100"})


def test_a_wrong_secret_and_an_unknown_id_are_errors(
    client: razorpay.Client, base_url: str, paygate_server: PaygateServer
):
    wrong = razorpay.Client(auth=(paygate_server.api_key, "wrong"), base_url=base_url)

    with pytest.raises(BadRequestError, match="Authentication failed"):
        wrong.order.all()
    with pytest.raises(BadRequestError, match="not found"):
        client.payment.fetch("pay_0000000000000000")
    with pytest.raises(BadRequestError, match="amount"):
        client.order.create({"amount": 1, "currency": "INR"})


def test_a_payment_link_is_created_paid_once_and_cancelled(
    client: razorpay.Client, paygate_server: PaygateServer
):
    details = {"amount": 50_000, "currency": "INR", "description": "Tea", "reference_id": "tea-1"}
    link = client.payment_link.create(details)
    other = client.payment_link.create({**details, "notes": {"sku": "tea"}})

    assert (link["status"], link["amount_paid"], link["reference_id"]) == ("created", 0, "tea-1")
    assert link["short_url"].startswith("http")
    assert client.payment_link.fetch(link["id"]) == link
    assert client.payment_link.cancel(other["id"])["status"] == "cancelled"
    body = {"amount": 50_000, "currency": "INR", "order_id": other["order_id"]}
    with pytest.raises(BadRequestError, match="cancelled"):
        client.payment.createPaymentJson({**body, "method": "card", "card": CARD})
    client.payment.createPaymentJson(
        {**body, "order_id": link["order_id"], "method": "card", "card": CARD}
    )
    paygate_server.quiet()
    paid_link = client.payment_link.fetch(link["id"])
    assert (paid_link["status"], paid_link["amount_paid"]) == ("paid", 50_000)


def test_a_refund_names_its_payment_in_the_body(client: razorpay.Client):
    payment_id = paid(client)["razorpay_payment_id"]

    assert client.refund.create({"payment_id": payment_id, "amount": 100})["amount"] == 100
    with pytest.raises(BadRequestError, match="payment id field is required"):
        client.refund.create({"amount": 100})


def test_notes_of_a_payment_and_a_refund_are_kept(client: razorpay.Client):
    made = paid(client, notes={"cart": "7"})
    refund = client.payment.refund(
        made["razorpay_payment_id"], {"amount": 100, "notes": {"why": "late"}}
    )

    assert client.payment.fetch(made["razorpay_payment_id"])["notes"] == {"cart": "7"}
    assert client.refund.fetch(refund["id"])["notes"] == {"why": "late"}


def test_a_customer_is_created_once_changed_and_listed(client: razorpay.Client):
    asha = {"name": "Asha", "email": "asha@shop.example", "contact": "+919000090000"}
    customer = client.customer.create({**asha, "notes": {"tier": "gold"}})

    assert (customer["entity"], customer["gstin"]) == ("customer", None)
    assert customer["notes"] == {"tier": "gold"}
    with pytest.raises(BadRequestError, match="already exists"):
        client.customer.create(asha)
    assert client.customer.create({**asha, "fail_existing": "0"}) == customer
    moved = client.customer.edit(customer["id"], {"email": "a@shop.example"})
    assert moved == {**customer, "email": "a@shop.example"}
    assert client.customer.fetch(customer["id"]) == moved
    other = client.customer.create(asha)
    assert other["id"] != customer["id"]
    with pytest.raises(BadRequestError, match="already exists"):
        client.customer.edit(customer["id"], asha)
    pages = [client.customer.all({"count": 1, "skip": skip})["items"] for skip in (0, 1, 2)]
    assert pages == [[other], [moved], []]
    with pytest.raises(BadRequestError, match="does not exist"):
        client.customer.fetch("cust_0")
    with pytest.raises(BadRequestError, match="name must be a text"):
        client.customer.create({"name": {"first": "Asha"}})


def test_customers_that_are_created_at_once_are_one(client: razorpay.Client):
    asha = {"email": "asha@shop.example", "contact": "+919000090000", "fail_existing": "0"}
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: client.customer.create(dict(asha)), range(8)))

    assert len({customer["id"] for customer in made}) == 1
    assert client.customer.all({})["count"] == 1
