"""Both clients, with HTTP responses from respx."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import respx

from paygate_client import AsyncPaygateClient, PaygateClient, RetryPolicy

URL = "https://pay.example"
KEYS = ("key_test_1", "secret_of_this_test")
QUICK = RetryPolicy(first_pause_s=0)
Ask = Callable[..., Any]


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    """The server: routes below ``/api/v1``; another request is an error."""
    with respx.mock(base_url=f"{URL}/api/v1", assert_all_called=False) as router:
        yield router


def blocking(use: Callable[[PaygateClient], Any], retry: RetryPolicy = QUICK) -> Any:
    with PaygateClient(*KEYS, base_url=URL, retry=retry) as client:
        found = use(client)
        return list(found) if isinstance(found, Iterator) else found


def awaited(use: Callable[[AsyncPaygateClient], Any], retry: RetryPolicy = QUICK) -> Any:
    async def run() -> Any:
        async with AsyncPaygateClient(*KEYS, base_url=URL, retry=retry) as client:
            found = use(client)
            if isinstance(found, AsyncIterator):
                return [each async for each in found]
            return await found

    return asyncio.run(run())


@pytest.fixture(params=[blocking, awaited], ids=["blocking", "awaited"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Use a client of either kind: ``ask(lambda client: client.orders.get("order_1"))``."""
    return request.param
