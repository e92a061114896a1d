"""Who is calling?"""

from __future__ import annotations

import hashlib
import hmac
import re

from ..domain.errors import AuthenticationError
from ..domain.merchant import Merchant
from .deps import Deps

# Compared with when the key is unknown, so that a wrong key takes as long as a
# wrong secret.
_NOBODY = "0" * 64
_DIGEST = re.compile(r"[0-9a-f]{64}")


def secret_digest(secret: str) -> str:
    """What is stored of an API secret: its SHA-256, in hex.

    A fast hash is enough: the secrets paygate makes are random, not chosen by people.
    """
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


async def authenticate(*, api_key: str, api_secret: str, deps: Deps) -> Merchant:
    """The active merchant with that key and secret.

    Raises:
        AuthenticationError: Missing, wrong, or the merchant is not active.
    """
    if not api_key or not api_secret or not _is_storable(api_key):
        raise AuthenticationError
    credentials = await deps.storage.merchants.credentials(api_key)
    expected = _digest_of(credentials.secret_sha256) if credentials else _NOBODY
    is_right = hmac.compare_digest(secret_digest(api_secret), expected)
    if credentials is None or not is_right or not credentials.merchant.is_active:
        raise AuthenticationError
    return credentials.merchant


def _digest_of(stored: str) -> str:
    """What was stored, as a digest: merchants made with SQL have their secret in clear."""
    return stored if _DIGEST.fullmatch(stored) else secret_digest(stored)


def _is_storable(api_key: str) -> bool:
    return len(api_key) <= 64 and api_key.isascii() and api_key.isprintable()
