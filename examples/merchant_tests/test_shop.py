"""A shop's tests: a real gateway for the payments, respx for the shipping company."""

import httpx
import pytest
import respx
from shop import SHIPPING, PaymentRefusedError, Shop

from paygate.testing import FakeProcessor, PaygateServer


@pytest.fixture
def shop(paygate_server: PaygateServer) -> Shop:
    return Shop(paygate_server.api_url, dict(paygate_server.headers))


@pytest.fixture
def shipping(paygate_server: PaygateServer):
    # Requests without a mock are refused, except those to the real gateway.
    with respx.mock(assert_all_called=False) as mocked:
        mocked.route(url__startswith=paygate_server.url).pass_through()
        quote = {"price_minor": 4_000, "parcel": "p-1"}
        yield mocked.post(SHIPPING).mock(return_value=httpx.Response(200, json=quote))


def test_goods_and_shipping_are_one_payment(shop, shipping, paygate_server):
    bought = shop.buy(50_000, "560001")

    assert paygate_server.payment(bought["payment"])["amount"] == 54_000
    assert bought["parcel"] == "p-1"
    assert shipping.call_count == 1
    paygate_server.inbox.expect("payment.success", payment_id=bought["payment"])


def test_a_decline_is_shown_to_the_shopper(shop, shipping, paygate_server):
    with (
        paygate_server.use(FakeProcessor(decline="insufficient_funds")) as bank,
        pytest.raises(PaymentRefusedError, match="insufficient_funds"),
    ):
        shop.buy(50_000, "560001")

    assert bank.calls[0].amount.minor == 54_000


def test_without_a_quote_no_payment_is_created(shop, shipping, paygate_server):
    shipping.mock(return_value=httpx.Response(503))

    with paygate_server.use(FakeProcessor()) as bank, pytest.raises(httpx.HTTPStatusError):
        shop.buy(50_000, "560001")

    assert bank.calls == []
    paygate_server.inbox.expect_none()
