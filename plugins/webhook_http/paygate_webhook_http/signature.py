"""Both families of signatures. One secret serves both."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"
# The shortest key that Standard Webhooks asks for is 24 bytes; older secrets of
# 16 random bytes are still keys and not words.
KEY_BYTES_MIN = 16


def signed_headers(
    *, id: str, timestamp: int, body: bytes, secret: str, previous: str | None = None
) -> Mapping[str, str]:
    """The headers that prove a body to whoever has the secret.

    Args:
        id: The event's, the same for all its attempts.
        timestamp: Of this attempt, unix seconds.
        body: The exact bytes that are sent.
        secret: The merchant's.
        previous: The one before it, while a rotation lasts: Standard Webhooks has room
            for both, the plain headers hold the new one's signature alone.
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
    """HMAC-SHA256 of the body in lower-case hex, keyed by the secret's own characters."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(id: str, timestamp: int, body: bytes, secret: str) -> str:
    """``v1,`` and the base64 of an HMAC over id, timestamp and body.

    Source: Standard Webhooks 1.0.0.
    """
    message = f"{id}.{timestamp}.".encode() + body
    digest = hmac.new(standard_key(secret), message, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def standard_key(secret: str) -> bytes:
    """What keys the Standard Webhooks signature.

    The bytes behind ``whsec_`` if they are base64 to the letter, as in every
    secret paygate makes; else the secret's own characters, all of them.
    """
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            return secret.encode()
        if len(key) >= KEY_BYTES_MIN:
            return key
    return secret.encode()
