"""A gateway, and the official client with its base URL changed."""

from __future__ import annotations

import pytest
import razorpay

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
