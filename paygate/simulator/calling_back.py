"""The callbacks of simulated processors: signed like a real one's, read like a real one's."""

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
    """A callback as a simulated processor sends it."""
    body = json.dumps(dict(content), separators=(",", ":"), sort_keys=True).encode()
    signature = sign(body, secret) if signed else "0" * 64
    return RawCallback({SIGNATURE: signature, "content-type": "application/json"}, body)


def sign(body: bytes, secret: str) -> str:
    """HMAC-SHA256 over the exact bytes, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(callback: RawCallback, *, secret: str) -> Verified:
    """Make certain who sent it.

    Raises:
        BadSignatureError: Nobody we know.
        ValueError: It is signed and cannot be read.
    """
    given = callback.headers.get(SIGNATURE, "")
    if not hmac.compare_digest(given.encode(), sign(callback.body, secret).encode()):
        raise BadSignatureError("the signature is not theirs")
    content = json.loads(callback.body)
    match content:
        case {"id": str(key)}:
            return Verified(key, content)
        case _:
            raise ValueError("a callback without an id")


def translate(verified: Verified, *, processor_id: str) -> Sequence[Update]:
    """What it says, in the host's words."""
    match verified.content:
        case {
            "operation_id": str(operation_id),
            "says": str(word),
            "amount": int(minor),
            "currency": str(currency),
        } if currency in KNOWN_EXPONENTS and minor > 0:
            amount = Money(minor, currency)
            reference = f"{processor_id}_{operation_id}"
            return [Update(operation_id, _outcome(word, amount, reference), amount)]
        case _:
            raise ValueError("a callback that says nothing")


def _outcome(word: str, amount: Money, reference: str) -> Outcome:
    kind, detail = parameters(word)
    match kind:
        case "approved":
            return Approved(reference, amount)
        case "declined":
            return Declined(DeclineCode(detail or "declined"))
        case "expired":
            return Released("the hold has expired")
        case "pending":
            return Pending(resolve_after=timedelta(hours=1))
        case _:
            raise ValueError(f"a callback that says {word!r}")
