"""A simulated wallet for the contract kit."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from paygate import HttpResponse, Money, RawCallback

from .signatures import sign

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
"""The wallet's private key; it is public, so only for tests."""
PUBLIC_KEY = b64encode(KEY.public_key().public_bytes_raw()).decode()
AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def network(sent: Any) -> HttpResponse:
    """Simulate the wallet's API."""
    asked = json.loads(sent.body)
    reference = f"w-{asked['operation']}"
    answer = {"status": "paid" if sent.url.endswith("/status") else "accepted"}
    if asked.get("wallet") == "W-0000":
        answer = {"status": "refused", "reason": "no_funds"}
    body = json.dumps({"reference": reference, **answer}).encode()
    return HttpResponse(200, {}, body, is_truncated=False)


def callback(operation_id: str, amount: Money, at: datetime = AT, **more: str) -> RawCallback:
    """Create the wallet's callback for a paid charge."""
    content = {
        "id": f"cb-{operation_id}",
        "operation": operation_id,
        "status": "paid",
        "reference": f"w-{operation_id}",
        "amount": amount.minor,
        "currency": amount.currency,
        **more,
    }
    return sign(json.dumps(content).encode(), KEY, at)


def stale_callback() -> RawCallback:
    """Create a callback that is repeated after ten minutes."""
    raw = callback("op_KIT0000000000001", Money(12_345, "INR"))
    return RawCallback(raw.headers, raw.body, received_at=AT + timedelta(minutes=10))


SAMPLES = {
    "environ": {"PAYGATE_SIGNED_WALLET_PUBLIC_KEY": PUBLIC_KEY},
    "processors": {
        "signed_wallet": {
            "approved": {"wallet_id": "W-1234"},
            "declined": {"wallet_id": "W-0000"},
            "network": network,
            "callback": callback,
            "stale_callback": stale_callback,
        }
    },
}
