"""Verify callbacks: ed25519 over the timestamp and the exact bytes.

    wallet-timestamp: 1768473000
    wallet-signature: base64 of the signature of b"1768473000." + body

The wallet signs with its private key. The settings only contain the public key, which cannot
sign: reading them does not help to forge a callback.
"""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paygate import BadSignatureError, RawCallback

TIMESTAMP, SIGNATURE = "wallet-timestamp", "wallet-signature"
FRESH = timedelta(minutes=5)
"""A callback that arrives later is rejected as a replay."""


def public_key(text: str) -> Ed25519PublicKey:
    """Decode a public key of 32 bytes in base64.

    Raises:
        ValueError: It is invalid.
    """
    return Ed25519PublicKey.from_public_bytes(b64decode(text, validate=True))


def check(callback: RawCallback, key: Ed25519PublicKey) -> None:
    """Check that the wallet has sent the callback recently.

    Raises:
        BadSignatureError: The signature or the timestamp is invalid.
    """
    timestamp = callback.headers.get(TIMESTAMP, "")
    try:
        signature = b64decode(callback.headers.get(SIGNATURE, ""), validate=True)
        key.verify(signature, timestamp.encode() + b"." + callback.body)
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (InvalidSignature, ValueError, OverflowError):
        raise BadSignatureError("not signed by the wallet") from None
    # Not the current time: a callback that is read again after a crash is still valid.
    if callback.received_at is None or abs(callback.received_at - signed_at) > FRESH:
        raise BadSignatureError("signed too long ago")


def sign(body: bytes, key: Ed25519PrivateKey, at: datetime) -> RawCallback:
    """Create a signed callback; for tests."""
    timestamp = str(int(at.timestamp()))
    signature = key.sign(timestamp.encode() + b"." + body)
    headers = {TIMESTAMP: timestamp, SIGNATURE: b64encode(signature).decode()}
    return RawCallback(headers, body, received_at=at)
