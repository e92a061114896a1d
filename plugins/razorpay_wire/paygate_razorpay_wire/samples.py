"""Samples for the contract kit."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from paygate import WireRequest


def keys(key: str, secret: str) -> Mapping[str, str]:
    """Return the headers of a client."""
    return {"authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}


REPEATED = WireRequest(
    method="POST",
    path="/v1/orders",
    places={},
    query=(),
    headers={
        "content-type": "application/json",
        "idempotency-key": "tea-1",
    },
    body=b'{"amount": 50000, "currency": "INR"}',
    id="req_1",
)
SAMPLES = {"dialects": {"razorpay": {"keys": keys, "repeated": REPEATED}}}
