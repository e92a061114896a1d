"""The two kinds of webhook signatures. Both use the same secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"
# Standard Webhooks requires keys of at least 24 bytes; older secrets of 16 random bytes
# are still decoded as keys.
KEY_BYTES_MIN = 16


def signed_headers(
    *, id: str, timestamp: int, body: bytes, secret: str, previous: str | None = None
) -> Mapping[str, str]:
    """Return the headers that authenticate a body.

    Args:
        id: The event's id, the same for all attempts.
        timestamp: Time of this attempt, in Unix seconds.
        body: The exact bytes that are sent.
        secret: The merchant's secret.
        previous: The previous secret during a rotation: Standard Webhooks supports both, the
            plain headers only contain the signature of the new one.
    """
    plain = plain_signature(body, secret)
    return {
        "X-Webhook-Signature": plain,
        "X-Signature": plain,
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            standard_signature(id, timestamp, body, key) for key in (secret, previous) if key
        ),
    }


def plain_signature(body: bytes, secret: str) -> str:
    """Return the HMAC-SHA256 of the body in lower-case hex; the key is the secret's text."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(id: str, timestamp: int, body: bytes, secret: str) -> str:
    """Return ``v1,`` and the base64 HMAC of id, timestamp and body.

    Source: Standard Webhooks 1.0.0.
    """
    message = f"{id}.{timestamp}.".encode() + body
    digest = hmac.new(standard_key(secret), message, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def standard_key(secret: str) -> bytes:
    """Return the key of the Standard Webhooks signature.

    It is the part after ``whsec_``, decoded, if that is base64, as in every secret that
    paygate generates; otherwise the whole secret.
    """
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            return secret.encode()
        if len(key) >= KEY_BYTES_MIN:
            return key
    return secret.encode()
