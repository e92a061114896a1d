"""Whatever a body contains, the dialect refuses it and does not fail."""

from __future__ import annotations

import itertools
import json

import pytest
import requests

from paygate.testing import PaygateServer

from .test_razorpay_python import CARD

ORDER = {"amount": 50_000, "currency": "INR", "receipt": "r", "notes": {"a": "b"}}
PATHS = {
    "/v1/orders": {**ORDER, "payment": {"capture": "automatic"}, "partial_payment": False},
    "/v1/payments/create/json": {**ORDER, "order_id": "order_x", "method": "card", "card": CARD},
    "/v1/payments/create/upi": {**ORDER, "order_id": "order_x", "upi": {"vpa": "a@sim"}},
    "/v1/payments/pay_0000000000000000/capture": ORDER,
    "/v1/payments/pay_0000000000000000/refund": ORDER,
    "/v1/refunds": {**ORDER, "payment_id": "pay_0000000000000000"},
    "/v1/payment_links": {**ORDER, "expire_by": 0, "accept_partial": False, "description": "d"},
}
ODD = (None, -1, 10**30, 1.5, "\ud800", "\u0000", "x" * 10_000, [1], {"a": []})
DEEP = "[" * 400 + "]" * 400
BODIES = ("", "null", "[]", "{", '{"a": NaN}', '{"notes": ' + DEEP + "}", "\ud800", "9" * 5_000)


def answers(base_url: str, server: PaygateServer, path: str, bodies: list[bytes]) -> set[int]:
    with requests.Session() as session:
        session.auth = (server.api_key, server.api_secret)
        session.headers["Content-Type"] = "application/json"
        return {session.post(base_url + path, data=body, timeout=30).status_code for body in bodies}


@pytest.mark.parametrize("path", PATHS)
def test_an_odd_field_gives_no_error_of_the_server(
    path: str, base_url: str, paygate_server: PaygateServer
):
    fields = [
        json.dumps({**PATHS[path], name: odd}).encode()
        for name, odd in itertools.product(PATHS[path], ODD)
    ]
    whole = [body.encode(errors="surrogatepass") for body in BODIES]

    assert max(answers(base_url, paygate_server, path, fields + whole)) < 500
