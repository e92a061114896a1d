"""Who is calling?"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import partial

from ..domain.account import Caller, Session
from ..domain.errors import AuthenticationError
from ..domain.merchant import PUBLISHED_SECRET, Credentials
from .deps import Deps
from .refusals import Refusal

# Compared with when the key is unknown, so that a wrong key takes as long as a
# wrong secret.
_NOBODY = "0" * 64
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def secret_digest(secret: str) -> str:
    """What is stored of an API secret or a session's token: its SHA-256, in hex.

    A fast hash is enough: what paygate makes is random, not chosen by people.
    """
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


_PUBLISHED = secret_digest(PUBLISHED_SECRET)


async def authenticate(*, api_key: str, api_secret: str, ip: str | None, deps: Deps) -> Caller:
    """Whoever has that key and secret.

    Args:
        api_key: The public half.
        api_secret: The secret half.
        ip: Where they come from; a refusal is written down with it.
        deps: The app.

    Raises:
        AuthenticationError: Missing, wrong or revoked, or the merchant is not active; in
            production also the published pair, and every key of a test's merchant.
    """
    credentials = None
    if api_key and api_secret and _is_storable(api_key):
        credentials = await deps.storage.merchants.credentials(api_key)
    reason = _refused(credentials, api_secret, deps)
    if credentials is None or reason is not None:
        deps.refusals.note(_refusal(credentials, reason or "unknown key", ip))
        raise AuthenticationError
    return _caller(credentials, api_key, deps)


def _refused(credentials: Credentials | None, api_secret: str, deps: Deps) -> str | None:
    """Why these credentials do not authenticate; None if they do."""
    expected = _digest_of(credentials) if credentials else _NOBODY
    before = (credentials.previous_sha256 if credentials else None) or expected
    given = secret_digest(api_secret)
    # Both are compared, so that the time taken tells nothing.
    is_right = hmac.compare_digest(given, expected) | hmac.compare_digest(given, before)
    is_published = hmac.compare_digest(secret_digest(api_secret), _PUBLISHED)
    if credentials is None:
        return "unknown key"
    if not is_right:
        return "wrong secret"
    if credentials.ended is not None:
        return f"{credentials.ended} key"
    if not credentials.merchant.is_active:
        return "suspended merchant"
    if deps.is_production and (is_published or credentials.merchant.is_for_tests):
        return "credentials of tests"
    return None


def _refusal(credentials: Credentials | None, reason: str, ip: str | None) -> Refusal:
    if credentials is None:
        return Refusal("key.refused", reason, ip)
    merchant_id = credentials.merchant.id
    subject = str(credentials.key_id or merchant_id)
    return Refusal("key.refused", reason, ip, merchant_id, subject)


def _caller(credentials: Credentials, api_key: str, deps: Deps) -> Caller:
    merchant, key_id = credentials.merchant, credentials.key_id
    if key_id is not None and credentials.is_stale:
        deps.last_use.note(str(key_id), partial(deps.storage.api_keys.touch, key_id))
    test = deps.test_merchant
    return Caller(
        merchant=merchant,
        role=credentials.role,
        kind="key",
        id=str(key_id or merchant.id),
        label=api_key,
        # Outside production whoever reads the page of the test merchant runs this.
        is_operator=key_id is None and test is not None and api_key == test.api_key,
    )


async def find_session(token: str, deps: Deps) -> Session | None:
    """The living session that the token opens."""
    if not _TOKEN.fullmatch(token):
        return None
    digest = secret_digest(token)
    session = await deps.storage.sessions.find(digest)
    if session is not None and deps.is_production and session.merchant.is_for_tests:
        return None
    if session is not None and session.is_stale:
        deps.last_use.note(digest, partial(deps.storage.sessions.touch, digest))
    return session


def caller_of_session(session: Session) -> Caller:
    """The session's user as whoever calls."""
    user = session.user
    return Caller(
        merchant=session.merchant,
        role=user.role,
        kind="user",
        id=str(user.id),
        label=user.email,
        is_operator=user.is_operator,
    )


def csrf_token(token: str) -> str:
    """Return what a page must send along to show that it could read the session.

    It is keyed with the session's own token, and so good on every instance and as long
    as the session, whatever becomes of the vault's keys.
    """
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_csrf_token(given: str, token: str, deps: Deps) -> bool:
    """Whether that is the session's, or was in a version that made it with the vault."""
    own = [csrf_token(token), *deps.vault.digests(_csrf_content(token), purpose="csrf")]
    # Every one is compared, so that the time taken tells nothing.
    matches = [hmac.compare_digest(given.encode(errors="replace"), each.encode()) for each in own]
    return any(matches)


def _csrf_content(token: str) -> bytes:
    return f"csrf:{token}".encode()


def _digest_of(credentials: Credentials) -> str:
    """What was stored, as a digest: merchants made with SQL have their secret in clear."""
    stored = credentials.secret_sha256
    return stored if _DIGEST.fullmatch(stored) else secret_digest(stored)


def _is_storable(api_key: str) -> bool:
    return len(api_key) <= 64 and api_key.isascii() and api_key.isprintable()
