"""A real gateway, and a network that loses responses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paygate.testing import PaygateServer
from paygate_client import PaygateClient
from tests.clients.lossy import LossyProxy, lossy_proxy
from tests.testing.conftest import paygate_session

__all__ = ["paygate_session"]


@pytest.fixture
def client(paygate_server: PaygateServer) -> Iterator[PaygateClient]:
    keys = (paygate_server.api_key, paygate_server.api_secret)
    with PaygateClient(*keys, base_url=paygate_server.url) as client:
        yield client


@pytest.fixture
def proxy(paygate_server: PaygateServer) -> Iterator[LossyProxy]:
    with lossy_proxy(paygate_server.url) as proxy:
        yield proxy
