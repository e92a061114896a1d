"""A charge and a refund that end by callback, through a gateway of the test's own."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from urllib.error import HTTPError

import pytest
from paygate_signed_wallet import samples

from paygate import Money, RawCallback
from paygate.testing import FakeMethod, PaygateServer

ASKED: list[dict] = []


class Wallet(BaseHTTPRequestHandler):
    """The wallet's API, as the samples play it."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        ASKED.append(json.loads(body))
        answer = samples.network(SimpleNamespace(url=self.path, body=body))
        self.send_response(answer.status)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def paygate_settings() -> Iterator[Mapping[str, str]]:
    """Provide a wallet on this machine, and its key."""
    ASKED.clear()
    server = HTTPServer(("127.0.0.1", 0), Wallet)
    Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "PAYGATE_SIGNED_WALLET_URL": f"http://127.0.0.1:{server.server_port}",
        "PAYGATE_SIGNED_WALLET_PUBLIC_KEY": samples.PUBLIC_KEY,
    }
    server.shutdown()
    server.server_close()


@pytest.fixture
def gateway(paygate_server: PaygateServer) -> Iterator[PaygateServer]:
    """With the method ``wallet``, which another package offers."""
    with paygate_server.use(method("W-1234")):
        yield paygate_server


def method(wallet_id: str) -> FakeMethod:
    return FakeMethod("wallet", flows=("balance",), display={"wallet_id": wallet_id})


def call_back(gateway: PaygateServer, raw: RawCallback) -> int:
    """Post it as the wallet would; the status of the answer."""
    url = f"{gateway.api_url}/callbacks/signed_wallet"
    headers = {"Content-Type": "application/json", **raw.headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, raw.body, headers)) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.code


def of_last(gateway: PaygateServer, minor: int, at: datetime | None = None, **fields: str):
    """Return the callback about the last request to the wallet."""
    at = at or gateway.clock.now
    return samples.callback(ASKED[-1]["operation"], Money(minor, "INR"), at, **fields)


def test_a_callback_settles_a_charge_and_a_refund(gateway: PaygateServer):
    payment = gateway.pay(50_000, method="wallet")
    assert (payment["status"], payment["processor"]) == ("pending", "signed_wallet")

    paid = of_last(gateway, 50_000)
    assert [call_back(gateway, paid), call_back(gateway, paid)] == [200, 200]
    assert gateway.payment(payment)["status"] == "success"

    refund = gateway.refund(payment, 300)
    assert refund["status"] == "pending"
    assert call_back(gateway, of_last(gateway, 300)) == 200
    assert gateway.until(refund, "processed")["amount"] == 300


def test_a_forged_and_an_old_callback_change_nothing(gateway: PaygateServer):
    payment = gateway.pay(50_000, method="wallet")
    good = of_last(gateway, 50_000)
    forged = RawCallback(good.headers, good.body.replace(b"50000", b"50001"))
    old = of_last(gateway, 50_000, gateway.clock.now - timedelta(minutes=6))

    assert [call_back(gateway, forged), call_back(gateway, old)] == [401, 401]
    assert gateway.payment(payment)["status"] == "pending"


def test_a_query_replaces_a_lost_callback(gateway: PaygateServer):
    payment = gateway.pay(50_000, method="wallet")
    gateway.until(payment, "success")

    assert ASKED[-1]["reference"] == f"w-{ASKED[-1]['operation']}"


def test_a_refusal_is_mapped_to_a_decline_code(gateway: PaygateServer):
    late = gateway.pay(50_000, method="wallet")
    call_back(gateway, of_last(gateway, 50_000, status="refused", reason="blocked"))
    with gateway.use(method("W-0000")):
        at_once = gateway.pay(50_000, method="wallet")

    assert gateway.payment(late)["decline_code"] == "blocked_instrument"
    assert at_once["decline_code"] == "insufficient_funds"
