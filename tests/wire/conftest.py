"""A gateway, and the official client with its base URL changed."""

from __future__ import annotations

import pytest
import razorpay
import stripe

from paygate.testing import PaygateServer
from tests.testing.conftest import paygate_session

__all__ = ["paygate_session"]


@pytest.fixture
def base_url(paygate_server: PaygateServer) -> str:
    return f"{paygate_server.url}/wire/razorpay"


@pytest.fixture
def client(paygate_server: PaygateServer, base_url: str) -> razorpay.Client:
    keys = (paygate_server.api_key, paygate_server.api_secret)
    return razorpay.Client(auth=keys, base_url=base_url)


@pytest.fixture
def stripe_url(paygate_server: PaygateServer) -> str:
    return f"{paygate_server.url}/wire/stripe"


@pytest.fixture
def stripe_key(paygate_server: PaygateServer) -> str:
    return f"sk_test_{paygate_server.api_key}:{paygate_server.api_secret}"


@pytest.fixture
def stripe_client(stripe_url: str, stripe_key: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        stripe_key, base_addresses={"api": stripe_url}, max_network_retries=0
    )
