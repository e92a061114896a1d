"""Who sent a callback: ed25519 over the moment and the exact bytes.

    wallet-timestamp: 1768473000
    wallet-signature: base64 of the signature of b"1768473000." + body

The wallet signs with its private key. We hold the public one, with which nothing can be
signed: whoever reads our settings cannot forge a callback.
"""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from paygate import BadSignatureError, RawCallback

TIMESTAMP, SIGNATURE = "wallet-timestamp", "wallet-signature"
FRESH = timedelta(minutes=5)
"""A copy of a callback that comes later is somebody else's."""


def public_key(text: str) -> Ed25519PublicKey:
    """The key behind 32 bytes in base64.

    Raises:
        ValueError: It is none.
    """
    return Ed25519PublicKey.from_public_bytes(b64decode(text, validate=True))


def check(callback: RawCallback, key: Ed25519PublicKey) -> None:
    """Return only if the wallet sent it, and lately.

    Raises:
        BadSignatureError: Nobody knows who sent it, or when.
    """
    timestamp = callback.headers.get(TIMESTAMP, "")
    try:
        signature = b64decode(callback.headers.get(SIGNATURE, ""), validate=True)
        key.verify(signature, timestamp.encode() + b"." + callback.body)
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (InvalidSignature, ValueError, OverflowError):
        raise BadSignatureError("not signed by the wallet") from None
    # Not the present: a callback that is read again after a crash is as fresh as it was.
    if callback.received_at is None or abs(callback.received_at - signed_at) > FRESH:
        raise BadSignatureError("signed too long ago")


def sign(body: bytes, key: Ed25519PrivateKey, at: datetime) -> RawCallback:
    """A callback as the wallet sends it; for tests."""
    timestamp = str(int(at.timestamp()))
    signature = key.sign(timestamp.encode() + b"." + body)
    headers = {TIMESTAMP: timestamp, SIGNATURE: b64encode(signature).decode()}
    return RawCallback(headers, body, received_at=at)
