"""The signed callbacks of simulated processors."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ..core.errors import BadSignatureError
from ..core.money import KNOWN_EXPONENTS, Money
from ..core.outcome import Approved, DeclineCode, Declined, Outcome, Pending, Released
from ..core.plugin_api.processor import RawCallback, Update, Verified
from .scenario import parameters

SIGNATURE = "x-simulator-signature"


def write(content: Mapping[str, Any], *, secret: str, signed: bool = True) -> RawCallback:
    """Create a callback of a simulated processor."""
    body = json.dumps(dict(content), separators=(",", ":"), sort_keys=True).encode()
    signature = sign(body, secret) if signed else "0" * 64
    return RawCallback({SIGNATURE: signature, "content-type": "application/json"}, body)


def sign(body: bytes, secret: str) -> str:
    """Sign the exact bytes with HMAC-SHA256, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(callback: RawCallback, *, secret: str) -> Verified:
    """Check the signature of a callback.

    Raises:
        BadSignatureError: The signature is missing or invalid.
        ValueError: The signature is valid, but the body cannot be parsed.
    """
    given = callback.headers.get(SIGNATURE, "")
    if not hmac.compare_digest(given.encode(), sign(callback.body, secret).encode()):
        raise BadSignatureError("the signature is invalid")
    content = json.loads(callback.body)
    match content:
        case {"id": str(key)}:
            return Verified(key, content)
        case _:
            raise ValueError("the callback has no id")


def translate(verified: Verified, *, processor_id: str) -> Sequence[Update]:
    """Convert a callback to updates."""
    match verified.content:
        case {
            "operation_id": str(operation_id),
            "status": str(word),
            "amount": int(minor),
            "currency": str(currency),
        } if currency in KNOWN_EXPONENTS and minor > 0:
            amount = Money(minor, currency)
            reference = f"{processor_id}_{operation_id}"
            return [Update(operation_id, _outcome(word, amount, reference), amount)]
        case _:
            raise ValueError("the callback has no content")


def _outcome(word: str, amount: Money, reference: str) -> Outcome:
    kind, detail = parameters(word)
    match kind:
        case "approved":
            return Approved(reference, amount)
        case "declined":
            return Declined(DeclineCode(detail or "declined"))
        case "expired":
            return Released("the authorization has expired")
        case "pending":
            return Pending(resolve_after=timedelta(hours=1))
        case _:
            raise ValueError(f"unknown status {word!r} in the callback")
