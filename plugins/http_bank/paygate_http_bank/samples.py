"""What the contract kit needs: cards, answers of the bank, and a callback."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from paygate import HttpResponse, Money, RawCallback

from .signatures import SIGNATURE, signed

SECRET = "callbacks of the kit"  # noqa: S105 - for the contract kit only
AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
ENVIRON = {
    "PAYGATE_HTTP_BANK_URL": "https://bank.example",
    "PAYGATE_HTTP_BANK_API_KEY": "key of the kit",
    "PAYGATE_HTTP_BANK_CALLBACK_SECRET": SECRET,
}


def card(number: str) -> dict[str, Any]:
    """Return the details of a card payment."""
    return {"card": {"number": number, "expiry_month": "12", "expiry_year": "2030"}}


APPROVED, DECLINED = card("4111111111111111"), card("4000010000000118")


def network(sent: Any) -> HttpResponse:
    """Answer like the bank, which approves everything but one card."""
    if sent.method == "GET":
        reference = sent.url.rpartition("/")[2]
        return _answer(approval(reference, Money(12_345, "INR")))
    asked, reference = json.loads(sent.body), sent.headers["Idempotency-Key"]
    operation = approval(reference, Money(asked["amount"], asked["currency"]))
    if asked.get("instrument", {}).get("number") == DECLINED["card"]["number"]:
        operation = {**operation, "status": "declined", "response_code": "51"}
    return _answer(operation)


def approval(reference: str, amount: Money) -> dict[str, Any]:
    """Return an approved operation, as the bank writes it."""
    money = {"amount": amount.minor, "currency": amount.currency}
    return {"reference": reference, "id": f"bank_{reference}", **money, "status": "approved"}


def callback(operation_id: str, amount: Money, at: datetime = AT) -> RawCallback:
    """Create the bank's callback for an approved charge."""
    content = {"id": f"{operation_id}:0", "operation": approval(operation_id, amount)}
    body, timestamp = json.dumps(content).encode(), str(int(at.timestamp()))
    signature = f"t={timestamp},v1={signed(body, SECRET, timestamp)}"
    return RawCallback({SIGNATURE: signature}, body, received_at=AT)


def stale_callback() -> RawCallback:
    """Create a callback that was signed ten minutes before it arrives."""
    return callback("op_KIT0000000000001", Money(12_345, "INR"), AT - timedelta(minutes=10))


def _answer(content: dict[str, Any]) -> HttpResponse:
    return HttpResponse(200, {}, json.dumps(content).encode(), is_truncated=False)


SAMPLES = {
    "environ": ENVIRON,
    "processors": {
        "http_bank": {
            "approved": APPROVED,
            "declined": DECLINED,
            "network": network,
            "callback": callback,
            "stale_callback": stale_callback,
        }
    },
}
