"""Verify the bank's callbacks: HMAC-SHA256 over the time and the exact bytes.

Bank-Signature: t=1768473000,v1=<HMAC-SHA256 of b"1768473000." + body, in hex>
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from paygate import BadSignatureError, RawCallback

SIGNATURE = "bank-signature"
FRESH = timedelta(minutes=5)
"""A callback that arrives later is a copy that someone has recorded."""


def check_signature(callback: RawCallback, secret: str) -> None:
    """Check that the bank has signed the callback, and recently.

    Raises:
        BadSignatureError: It has not.
    """
    timestamp, _, given = callback.headers.get(SIGNATURE, "").partition(",v1=")
    timestamp = timestamp.removeprefix("t=")
    # Constant time: the time of a comparison would tell how much of a guess is right.
    if not hmac.compare_digest(given.encode(), signed(callback.body, secret, timestamp).encode()):
        raise BadSignatureError("not signed by the bank")
    try:
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadSignatureError("signed without a time") from error
    # Not the current time: a callback that is read again after a crash is still valid.
    if callback.received_at is None or abs(callback.received_at - signed_at) > FRESH:
        raise BadSignatureError("signed too long ago")


def signed(body: bytes, secret: str, timestamp: str) -> str:
    """Return the signature of a callback, in hex."""
    message = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
