"""The official Node package, which takes a host name only."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping

import pytest

from paygate.testing import PaygateServer
from tests.wire.test_razorpay_node import NODE


@pytest.fixture
def paygate_settings() -> Mapping[str, str]:
    return {"PAYGATE_ROOT_DIALECT": "stripe"}


def test_it_pays_captures_refunds_lists_and_reads_errors(paygate_server: PaygateServer):
    environ = {
        "PAYGATE_URL": paygate_server.url,
        "PAYGATE_API_KEY": paygate_server.api_key,
        "PAYGATE_API_SECRET": paygate_server.api_secret,
    }

    ran = subprocess.run(
        ["node", "stripe.mjs"],
        cwd=NODE,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout) == {
        "customer": "gold",
        "charge": ["succeeded", "4242"],
        "statuses": ["requires_capture", "succeeded", 1500, "requires_action", "canceled"],
        "refund": [500, "refund"],
        "listed": [4, True],
        "errors": [
            ["StripeCardError", "card_declined", 402],
            ["StripeInvalidRequestError", "resource_missing", 404],
            ["StripeInvalidRequestError", "amount_too_small", 400],
            ["StripeAPIError", "not_supported", 501],
        ],
        "verifies": "evt_1",
    }
