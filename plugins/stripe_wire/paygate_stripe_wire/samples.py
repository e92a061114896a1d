"""Samples for the contract kit."""

from __future__ import annotations

from collections.abc import Mapping

from paygate import WireRequest


def keys(key: str, secret: str) -> Mapping[str, str]:
    """Return the headers of a client."""
    return {"authorization": f"Bearer sk_test_{key}:{secret}"}


REPEATED = WireRequest(
    method="POST",
    path="/v1/payment_intents",
    places={},
    query=(),
    headers={
        "content-type": "application/x-www-form-urlencoded",
        "idempotency-key": "tea-1",
    },
    body=b"amount=2000&currency=usd",
    id="req_1",
)
SAMPLES = {"dialects": {"stripe": {"keys": keys, "repeated": REPEATED}}}
