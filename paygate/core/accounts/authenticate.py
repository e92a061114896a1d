"""Authenticate callers, and record when their credentials were last used."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace
from functools import partial
from uuid import UUID

from ..deps import Deps
from ..errors import AuthenticationError, CredentialsMissingError, ForbiddenError
from .model import PUBLISHED_SECRET, Caller, Credentials, Role, Session
from .refusals import Refusal

# Compared if the key is unknown, so that a wrong key takes as long as a wrong secret.
_UNKNOWN_DIGEST = "0" * 64
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def secret_digest(secret: str) -> str:
    """Return the stored digest of an API secret or session token: its SHA-256, in hex.

    A fast hash is enough, because paygate creates these secrets at random.
    """
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


_PUBLISHED = secret_digest(PUBLISHED_SECRET)


async def authenticate(*, api_key: str, api_secret: str, ip: str | None, deps: Deps) -> Caller:
    """Return the caller with that key and secret.

    Args:
        api_key: The public half.
        api_secret: The secret half.
        ip: The client's address; refusals are logged with it.
        deps: The app.

    Raises:
        AuthenticationError: They are missing, wrong or revoked, or the merchant is not
            active; in production also the published pair, and keys of test merchants.
    """
    credentials = None
    if api_key and api_secret and _is_storable(api_key):
        credentials = await deps.storage.merchants.credentials(api_key)
    given = secret_digest(api_secret)
    reason = _refused(credentials, given, deps)
    if credentials is None or reason is not None:
        deps.refusals.count(_refusal(credentials, reason or "unknown key", ip))
        raise AuthenticationError if api_key and api_secret else CredentialsMissingError
    return _caller(credentials, api_key, given, deps)


async def confirm_caller(caller: Caller, needs: Role, deps: Deps) -> None:
    """Check, under locks, that the caller still has the rights it had at the start.

    Call it inside a transaction. A concurrent change of these rights waits until the
    transaction ends, or was committed before and is seen here. Owners are locked first,
    as in ``change_user``.

    Args:
        caller: The caller at the start of the request.
        needs: The role that the request requires.
        deps: The app, bound to the transaction.

    Raises:
        AuthenticationError: The session, key, secret or merchant has ended meanwhile.
        ForbiddenError: The caller has a lower role now.
    """
    if caller.kind == "anybody":
        return
    if needs is Role.OWNER:
        await deps.storage.users.lock_owners(caller.merchant.id)
    now = await (_user_now if caller.kind == "user" else _key_now)(caller, deps)
    if now is None:
        raise AuthenticationError
    if not now.role.covers(caller.role) or now.is_operator < caller.is_operator:
        raise ForbiddenError(f"Your role has changed to {now.role}")


async def _user_now(caller: Caller, deps: Deps) -> Caller | None:
    await deps.storage.users.lock(UUID(caller.id), merchant_id=caller.merchant.id)
    session = await deps.storage.sessions.find(caller.proof_sha256)
    return None if session is None else caller_of_session(session, caller.proof_sha256)


async def _key_now(caller: Caller, deps: Deps) -> Caller | None:
    storage, merchant_id = deps.storage, caller.merchant.id
    if caller.id == str(merchant_id):
        await storage.merchants.lock(merchant_id)
    else:
        own = await storage.api_keys.get(UUID(caller.id), merchant_id=merchant_id)
        # Lock the user before the key, in the order in which deactivation locks them.
        if own is not None and own.created_by is not None:
            await storage.users.lock(own.created_by, merchant_id=merchant_id)
        await storage.api_keys.lock(UUID(caller.id), merchant_id=merchant_id)
    credentials = await storage.merchants.credentials(caller.label)
    if credentials is None or _refused(credentials, caller.proof_sha256, deps) is not None:
        return None
    return replace(caller, role=credentials.role)


def _refused(credentials: Credentials | None, given: str, deps: Deps) -> str | None:
    """Return why the secret is refused; None if it is accepted."""
    expected = _digest_of(credentials) if credentials else _UNKNOWN_DIGEST
    before = (credentials.previous_sha256 if credentials else None) or expected
    # Compare both, so that the duration reveals nothing.
    is_right = hmac.compare_digest(given, expected) | hmac.compare_digest(given, before)
    is_published = hmac.compare_digest(given, _PUBLISHED)
    if credentials is None:
        return "unknown key"
    if not is_right:
        return "wrong secret"
    if credentials.ended is not None:
        return f"{credentials.ended} key"
    if not credentials.merchant.is_active:
        return "suspended merchant"
    if deps.policy.is_production and (is_published or credentials.merchant.is_for_tests):
        return "credentials of tests"
    return None


def _refusal(credentials: Credentials | None, reason: str, ip: str | None) -> Refusal:
    if credentials is None:
        return Refusal("key.refused", reason, ip)
    merchant_id = credentials.merchant.id
    subject = str(credentials.key_id or merchant_id)
    return Refusal("key.refused", reason, ip, merchant_id, subject)


def _caller(credentials: Credentials, api_key: str, given: str, deps: Deps) -> Caller:
    merchant, key_id = credentials.merchant, credentials.key_id
    if key_id is not None and credentials.is_stale:
        deps.last_use.record(str(key_id), partial(deps.storage.api_keys.touch, key_id))
    test = deps.policy.test_merchant
    return Caller(
        merchant=merchant,
        role=credentials.role,
        kind="key",
        id=str(key_id or merchant.id),
        label=api_key,
        # Outside production, everyone can read the test merchant's key, and is an operator.
        is_operator=key_id is None and test is not None and api_key == test.api_key,
        proof_sha256=given,
    )


async def find_session(token: str, deps: Deps) -> Session | None:
    """Return the session of a token, if it has not ended."""
    if not _TOKEN.fullmatch(token):
        return None
    digest = secret_digest(token)
    session = await deps.storage.sessions.find(digest)
    if session is not None and deps.policy.is_production and session.merchant.is_for_tests:
        return None
    if session is not None and session.is_stale:
        deps.last_use.record(digest, partial(deps.storage.sessions.touch, digest))
    return session


def caller_of_session(session: Session, token_sha256: str) -> Caller:
    """Return the caller of a session."""
    user = session.user
    return Caller(
        merchant=session.merchant,
        role=user.role,
        kind="user",
        id=str(user.id),
        label=user.email,
        is_operator=user.is_operator,
        proof_sha256=token_sha256,
    )


def csrf_token(token: str) -> str:
    """Return the token that pages send to show that they could read the session.

    It is keyed with the session's token, so it is valid on every instance and for the whole
    session, also after the vault's keys are replaced.
    """
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_csrf_token(given: str, token: str, deps: Deps) -> bool:
    """Check whether the token belongs to the session, in the form of this or an earlier version."""
    own = [csrf_token(token), *deps.vault.digests(_csrf_content(token), purpose="csrf")]
    # Compare all of them, so that the duration reveals nothing.
    matches = [hmac.compare_digest(given.encode(errors="replace"), each.encode()) for each in own]
    return any(matches)


def _csrf_content(token: str) -> bytes:
    return f"csrf:{token}".encode()


def _digest_of(credentials: Credentials) -> str:
    """Return the stored digest; merchants created with SQL have their secret in clear."""
    stored = credentials.secret_sha256
    return stored if _DIGEST.fullmatch(stored) else secret_digest(stored)


def _is_storable(api_key: str) -> bool:
    return len(api_key) <= 64 and api_key.isascii() and api_key.isprintable()
