"""Payments between a gateway and the bank, each over HTTP, on bad days."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from paygate.testing import BankServer, PaygateServer

FOREVER_MS = 60_000


@pytest.fixture
def timeout_s() -> str:
    """Longer than any answer takes that is not late on purpose."""
    return "8"


@pytest.fixture
def paygate_settings(paygate_bank: BankServer, timeout_s: str) -> Mapping[str, str]:
    return {
        "PAYGATE_HTTP_BANK_URL": paygate_bank.url,
        "PAYGATE_HTTP_BANK_API_KEY": paygate_bank.api_key,
        "PAYGATE_HTTP_BANK_CALLBACK_SECRET": paygate_bank.callback_secret,
        "PAYGATE_HTTP_BANK_TIMEOUT_S": timeout_s,
        "PAYGATE_PROCESSORS": "http_bank",
    }


@pytest.fixture
def gateway(paygate_server: PaygateServer, paygate_bank: BankServer) -> Iterator[PaygateServer]:
    paygate_bank.set(callback_url=f"{paygate_server.api_url}/callbacks/http_bank")
    yield paygate_server
    paygate_bank.set(callback_url=None)


def only_charge(bank: BankServer) -> Mapping[str, Any]:
    [charge] = bank.book()["charges"]
    return charge


@pytest.mark.parametrize(
    "scenario",
    [
        "approve",
        "crash_after_charge",
        "unknown_then_approved",
        "junk",
        "wrong_amount",
        "wrong_currency",
        "wrong_operation",
    ],
)
def test_a_charge_whose_answer_is_lost_or_wrong_is_made_once(
    gateway: PaygateServer, paygate_bank: BankServer, scenario: str
):
    paygate_bank.set(scenario=scenario)
    payment = gateway.pay(500, method="card")
    after = gateway.until(payment, "success")

    charge = only_charge(paygate_bank)
    assert (after["processor"], after["amount"]) == ("http_bank", 500)
    assert (charge["captured"], charge["requests"]) == (500, 1)
    assert charge["payment"] == payment["id"]
    assert gateway.inbox.types.count("payment.success") == 1


@pytest.mark.parametrize("timeout_s", ["0.5"])
def test_a_charge_whose_answer_comes_too_late_is_made_once(
    gateway: PaygateServer, paygate_bank: BankServer
):
    paygate_bank.set(scenario="hang_then_approved", patience_ms=FOREVER_MS)
    gateway.until(gateway.pay(500, method="card"), "success")

    charge = only_charge(paygate_bank)
    assert (charge["captured"], charge["requests"]) == (500, 1)


def test_a_charge_that_never_arrived_is_sent_again_and_made_once(
    gateway: PaygateServer, paygate_bank: BankServer
):
    paygate_bank.set(scenario="flaky")
    payment = gateway.pay(500, method="card")
    assert paygate_bank.book()["charges"] == []
    paygate_bank.advance(timedelta(seconds=1))
    gateway.until(payment, "success")

    charge = only_charge(paygate_bank)
    assert (charge["captured"], charge["requests"]) == (500, 1)


def test_twenty_copies_of_a_callback_are_one_transition(
    gateway: PaygateServer, paygate_bank: BankServer
):
    paygate_bank.set(scenario="duplicate_callbacks")
    payment = gateway.pay(500, method="card")
    assert payment["status"] == "pending"
    paygate_bank.advance(timedelta(seconds=5))
    gateway.quiet()

    assert gateway.payment(payment)["status"] == "success"
    assert only_charge(paygate_bank)["callbacks_accepted"] == 20
    assert gateway.inbox.types.count("payment.success") == 1


def test_a_forged_callback_changes_nothing(gateway: PaygateServer, paygate_bank: BankServer):
    paygate_bank.set(scenario="unsigned_callback")
    payment = gateway.pay(500, method="card")
    paygate_bank.advance(timedelta(seconds=5))
    assert only_charge(paygate_bank)["callbacks_accepted"] == 0
    assert gateway.payment(payment)["status"] == "pending"
    paygate_bank.advance(timedelta(seconds=25))
    gateway.until(payment, "success")

    assert only_charge(paygate_bank)["captured"] == 500


def test_a_callback_after_a_decline_makes_the_payment_succeed(
    gateway: PaygateServer, paygate_bank: BankServer
):
    paygate_bank.set(scenario="late_success")
    payment = gateway.pay(500, method="card")
    assert (payment["status"], payment["decline_code"]) == ("failed", "payer_timed_out")
    gateway.clock.advance(minutes=10)
    paygate_bank.advance(timedelta(minutes=10))
    gateway.quiet()

    assert gateway.payment(payment)["status"] == "success"
    assert only_charge(paygate_bank)["status"] == "approved"


def test_the_payer_decides_at_the_bank(gateway: PaygateServer, paygate_bank: BankServer):
    paygate_bank.set(scenario="three_ds")
    payment = gateway.pay(500, method="card")
    assert payment["next_action"]["type"] == "three_ds"
    paygate_bank.decide(only_charge(paygate_bank)["reference"])
    gateway.quiet()

    assert gateway.payment(payment)["status"] == "success"


def test_a_decline_is_final_and_says_why(gateway: PaygateServer, paygate_bank: BankServer):
    paygate_bank.set(scenario="insufficient_funds")
    payment = gateway.pay(500, method="card")

    assert (payment["status"], payment["decline_code"]) == ("failed", "insufficient_funds")


@pytest.mark.parametrize("scenario", ["approve", "capture_unknown_then_approved"])
def test_held_money_is_captured_once(
    gateway: PaygateServer, paygate_bank: BankServer, scenario: str
):
    paygate_bank.set(scenario=scenario)
    payment = gateway.pay(500, method="card", capture="manual")
    assert payment["status"] == "authorized"
    gateway.capture(payment, 300)
    gateway.until(payment, "success")

    [capture] = paygate_bank.book()["captures"]
    assert (capture["amount"], capture["requests"]) == (300, 1)
    assert only_charge(paygate_bank)["captured"] == 300


def test_held_money_is_released_once(gateway: PaygateServer, paygate_bank: BankServer):
    payment = gateway.pay(500, method="card", capture="manual")
    gateway.cancel(payment)

    [void] = paygate_bank.book()["voids"]
    assert (void["amount"], void["status"]) == (500, "approved")
    assert gateway.payment(payment)["status"] == "cancelled"


@pytest.mark.parametrize("scenario", ["approve", "refund_unknown_then_approved"])
def test_money_is_refunded_once(gateway: PaygateServer, paygate_bank: BankServer, scenario: str):
    paygate_bank.set(scenario=scenario)
    payment = gateway.pay(500, method="card")
    refund = gateway.refund(payment, 200)
    gateway.until(refund, "processed")

    [booked] = paygate_bank.book()["refunds"]
    assert (booked["amount"], booked["requests"]) == (200, 1)
    assert only_charge(paygate_bank)["refunded"] == 200
