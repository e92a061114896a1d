"""Payments whose shopper returns, forges the return, closes the window or abandons it."""

from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from paygate_netbanking.bank import signature

from paygate.testing import ApiError, PaygateServer


def sent_to(payment) -> dict[str, str]:
    """Return the parameters in the URL of the bank."""
    return dict(parse_qsl(urlsplit(payment["next_action"]["data"]["url"]).query))


def back(server: PaygateServer, payment, params: dict[str, str]):
    """Return the shopper's browser to the shop's page with these parameters."""
    return server.call("POST", f"/payments/{payment['id']}/complete", {"params": params}).json


def test_the_shopper_is_sent_to_the_bank(paygate_server: PaygateServer):
    payment = paygate_server.pay(method="netbanking", bank="acme")

    assert (payment["status"], payment["processor"]) == ("pending", "netbanking_sim")
    assert payment["next_action"]["type"] == "redirect"
    assert sent_to(payment)["bank"] == "acme"
    expires_at = datetime.fromisoformat(payment["next_action"]["expires_at"])
    left = expires_at - paygate_server.clock.now
    assert abs(left - timedelta(minutes=15)) < timedelta(milliseconds=1)


def test_a_signed_return_settles_the_payment_immediately(paygate_server: PaygateServer):
    payment = paygate_server.pay(method="netbanking", bank="acme")
    signed = signature("simulated", sent_to(payment)["operation"], "paid")

    assert back(paygate_server, payment, {"status": "paid", "signature": signed})["status"] == (
        "success"
    )
    assert paygate_server.refund(payment, 300)["status"] == "processed"


@pytest.mark.parametrize("lie", [{"status": "paid"}, {"status": "paid", "signature": "é" * 64}])
def test_a_forged_return_does_not_settle_the_payment(paygate_server: PaygateServer, lie):
    payment = paygate_server.pay(method="netbanking", bank="left")
    other = signature("simulated", "op_of_another_payment", "paid")

    assert back(paygate_server, payment, lie)["status"] == "pending"
    stolen = {"status": "paid", "signature": other}
    assert back(paygate_server, payment, stolen)["status"] == "pending"


def test_a_payment_succeeds_without_a_return_from_the_bank(paygate_server: PaygateServer):
    payment = paygate_server.pay(method="netbanking", bank="lost")
    began = paygate_server.clock.now
    paid = paygate_server.until(payment, "success")

    assert paid["processor"] == "netbanking_sim"
    assert paygate_server.clock.now - began == timedelta(seconds=20)


def test_a_refusal_of_the_bank_is_a_decline(paygate_server: PaygateServer):
    failed = paygate_server.until(paygate_server.pay(method="netbanking", bank="poor"), "failed")

    assert failed["decline_code"] == "insufficient_funds"


def test_an_abandoned_payment_expires_after_15_minutes(paygate_server: PaygateServer):
    payment = paygate_server.pay(method="netbanking", bank="left")
    began = paygate_server.clock.now
    failed = paygate_server.until(payment, "failed")

    assert failed["decline_code"] == "payer_timed_out"
    assert paygate_server.clock.now - began == timedelta(minutes=15)


def test_an_unknown_bank_is_refused(paygate_server: PaygateServer):
    with pytest.raises(ApiError) as refused:
        paygate_server.pay(method="netbanking", bank="unheard_of")

    assert (refused.value.status, refused.value.field) == (400, "bank")


def test_the_routes_list_the_banks_and_serve_the_bank_page(paygate_server: PaygateServer):
    import urllib.request

    base = f"{paygate_server.url}/plugins/netbanking"
    with urllib.request.urlopen(f"{base}/banks") as listed:
        assert b'"Acme Bank"' in listed.read()
    shop = "https://shop.example/back?order=1%22%3E"
    with urllib.request.urlopen(f"{base}/bank?operation=op_1&bank=acme&return_url={shop}") as page:
        shown = page.read().decode()
    assert signature("simulated", "op_1", "paid") in shown
    assert 'order=1">' not in shown
