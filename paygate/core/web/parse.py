"""From a request to a command: the field, the rule, the sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ..domain.errors import InvalidInputError, NotFoundError
from ..domain.limits import (
    AMOUNT_MINOR_MAX,
    AMOUNT_MINOR_MIN,
    NOTES_BYTES_MAX,
    OFFSET_ROWS_MAX,
    PAGE_ROWS_DEFAULT,
    PAGE_ROWS_MAX,
    TEXT_CHARS_MAX,
    URL_CHARS_MAX,
)
from ..domain.merchant import Merchant
from ..domain.money import EXPONENTS, Money
from ..services.capture_payment import CapturePayment
from ..services.configure_endpoint import ConfigureEndpoint
from ..services.create_order import CreateOrder
from ..services.create_payment import CreatePayment
from ..services.create_refund import CreateRefund
from ..services.send_test_event import SendTestEvent
from .json import write

Body = Mapping[str, Any]

PROTECTED = ("status", "merchant_id", "amount_refunded", "captured")
"""Fields that only we set. Anything else we do not know is ignored."""

NOT_DETAILS = frozenset({"order_id", "method", "amount", "currency", "metadata", "notes"})
"""Fields of a payment request that are not the method's."""

REASON_CHARS_MAX = 1000
_EVENT_TYPE = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*){0,3}")
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_SECRET = re.compile(r"[\x21-\x7e]{8,64}")


def order(body: Body, merchant: Merchant) -> CreateOrder:
    """``POST /orders``."""
    _refuse_protected(body)
    return CreateOrder(
        merchant=merchant,
        amount=Money(_amount(body), _currency(body)),
        receipt=_text(body, "receipt"),
        notes=_notes(body),
    )


def payment(body: Body, merchant: Merchant | None) -> CreatePayment:
    """``POST /payments`` and ``POST /payments/public``."""
    _refuse_protected(body)
    order_id = _text(body, "order_id")
    if not order_id:
        raise InvalidInputError("order_id is required", field="order_id")
    return CreatePayment(
        merchant=merchant,
        order_id=order_id,
        method=body.get("method"),
        details={name: value for name, value in body.items() if name not in NOT_DETAILS},
    )


def capture(body: Body, payment_id: str, merchant: Merchant) -> CapturePayment:
    """``POST /payments/{id}/capture``, with or without a body."""
    amount = None if body.get("amount") is None else _whole_amount(body, minimum=1)
    return CapturePayment(merchant, payment_id, amount)


def refund(body: Body, payment_id: str | None, merchant: Merchant) -> CreateRefund:
    """``POST /payments/{id}/refunds``, and ``POST /refunds`` which names the payment."""
    _refuse_protected(body)
    named = payment_id or _text(body, "payment_id")
    if not named:
        raise InvalidInputError("payment_id is required", field="payment_id")
    reason = _text(body, "reason", chars_max=REASON_CHARS_MAX)
    return CreateRefund(merchant, named, _whole_amount(body, minimum=1), reason)


def endpoint(body: Body, merchant: Merchant) -> ConfigureEndpoint:
    """``PATCH /merchant/webhook`` and its likes. A masked secret is no secret."""
    secret = _text(body, "webhook_secret")
    if not secret or secret.endswith("***"):
        secret = None
    elif not _SECRET.fullmatch(secret):
        raise InvalidInputError(
            "webhook_secret must be 8 to 64 visible ASCII characters", field="webhook_secret"
        )
    if "webhook_url" not in body:
        return ConfigureEndpoint(merchant, merchant.webhook_url, secret)
    url = _text(body, "webhook_url", chars_max=URL_CHARS_MAX)
    return ConfigureEndpoint(merchant, url or None, secret)


def test_event(body: Body, merchant: Merchant) -> SendTestEvent:
    """``POST /webhooks/test``."""
    event_type = _text(body, "event", chars_max=50) or "webhook.test"
    if not _EVENT_TYPE.fullmatch(event_type):
        raise InvalidInputError("event must look like payment.success", field="event")
    return SendTestEvent(merchant, event_type)


def page(query: Mapping[str, str]) -> tuple[int, int]:
    """``?limit=&offset=``."""
    limit = _whole(query, "limit", PAGE_ROWS_DEFAULT)
    if limit < 1:
        raise InvalidInputError("limit must be at least 1", field="limit")
    offset = _whole(query, "offset", 0)
    if offset > OFFSET_ROWS_MAX:
        raise InvalidInputError(f"offset must be at most {OFFSET_ROWS_MAX}", field="offset")
    return min(limit, PAGE_ROWS_MAX), offset


def delivery_id(text: str) -> UUID:
    """The id in ``/webhooks/{id}/retry``; what is no UUID names no delivery."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("Webhook log") from None


def _refuse_protected(body: Body) -> None:
    for name in PROTECTED:
        if name in body:
            raise InvalidInputError(f"{name} cannot be set", field=name)


def _amount(body: Body) -> int:
    return _whole_amount(body, minimum=AMOUNT_MINOR_MIN)


def _whole_amount(body: Body, *, minimum: int) -> int:
    amount = body.get("amount")
    # bool is an int in Python, and 500.0 is not a whole number of paise on the wire.
    if type(amount) is not int:
        raise InvalidInputError("amount must be an integer", field="amount")
    if amount < minimum:
        raise InvalidInputError(f"amount must be at least {minimum}", field="amount")
    if amount > AMOUNT_MINOR_MAX:
        raise InvalidInputError(f"amount must be at most {AMOUNT_MINOR_MAX}", field="amount")
    return amount


def _currency(body: Body) -> str:
    currency = _text(body, "currency") or "INR"
    if currency.upper() not in EXPONENTS:
        raise InvalidInputError("currency must be an ISO 4217 code", field="currency")
    return currency.upper()


def _notes(body: Body) -> Mapping[str, Any]:
    notes = body.get("notes")
    if notes is None:
        return {}
    if not isinstance(notes, dict):
        raise InvalidInputError("notes must be an object", field="notes")
    if len(write(notes)) > NOTES_BYTES_MAX:
        raise InvalidInputError(f"notes must be at most {NOTES_BYTES_MAX} bytes", field="notes")
    return notes


def _text(body: Body, name: str, *, chars_max: int = TEXT_CHARS_MAX) -> str | None:
    text = body.get(name)
    if text is None:
        return None
    if not isinstance(text, str):
        raise InvalidInputError(f"{name} must be a string", field=name)
    if len(text) > chars_max:
        raise InvalidInputError(f"{name} must be at most {chars_max} characters", field=name)
    return text


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None or text == "":
        return default
    if not _WHOLE.fullmatch(text):
        raise InvalidInputError(f"{name} must be a whole number", field=name)
    return int(text)
