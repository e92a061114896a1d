"""API keys: the merchant's key pair, and further keys with their own roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ..deps import Deps
from ..errors import AuthenticationError, ForbiddenError, InvalidInputError, NotFoundError
from ..ids import IdKind
from .authenticate import secret_digest
from .model import ApiKey, Caller, KeyPair, Role

SECRET_PREFIX = "secret_"  # noqa: S105 - so that people and scanners know one when they see it
SHOWN_CHARS = 4


@dataclass(frozen=True, slots=True)
class CreateKey:
    """A request for a key.

    Args:
        expires_at: When the key expires, in real time; None for never.
    """

    caller: Caller
    label: str
    role: Role
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its secret, which is shown only once."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True)
class RotatedPair:
    """The merchant's key pair and its new secret, which is shown only once."""

    pair: KeyPair
    secret: str


async def create_key(command: CreateKey, deps: Deps) -> NewKey:
    """Create a key. Only inside a transaction.

    It ends with the user who creates it, or with the user of the key that creates it, and
    at the latest with that key.

    Raises:
        ForbiddenError: It would have a higher role than its creator.
        AuthenticationError: Its creator was deactivated or revoked meanwhile.
        InvalidInputError: ``expires_at`` is past, or after the end of the creating key.
    """
    caller = command.caller
    if not caller.role.covers(command.role):
        raise ForbiddenError(f"This needs the role {command.role}; yours is {caller.role}")
    own = await _own_key(caller, deps)
    secret = SECRET_PREFIX + deps.ids.token()
    key = ApiKey(
        id=deps.ids.uuid(),
        merchant_id=caller.merchant.id,
        label=command.label,
        key=deps.ids.new(IdKind.KEY),
        secret_last4=secret[-SHOWN_CHARS:],
        role=command.role,
        created_at=deps.clock.now(),
        expires_at=_end(command, own),
        created_by=await _creator(command, own, deps),
    )
    if not await deps.storage.api_keys.add(key, secret_sha256=secret_digest(secret)):
        raise InvalidInputError("expires_at must be in the future", field="expires_at")
    return NewKey(key, secret)


async def _own_key(caller: Caller, deps: Deps) -> ApiKey | None:
    """Return the key of the request; None for a user and for the merchant's key pair."""
    merchant_id = caller.merchant.id
    if caller.kind != "key" or caller.id == str(merchant_id):
        return None
    own = await deps.storage.api_keys.get(UUID(caller.id), merchant_id=merchant_id)
    if own is None:
        raise AuthenticationError
    return own


def _end(command: CreateKey, own: ApiKey | None) -> datetime | None:
    """Return when the new key expires: a key must not create one that lasts longer."""
    latest = None if own is None else own.expires_at
    if command.expires_at is None or latest is None:
        return command.expires_at or latest
    if command.expires_at > latest:
        raise InvalidInputError(
            "expires_at must not be later than that of the creating key", field="expires_at"
        )
    return command.expires_at


async def _creator(command: CreateKey, own: ApiKey | None, deps: Deps) -> UUID | None:
    """Lock and return the user whom the key ends with.

    A concurrent deactivation of the user waits for this key and revokes it, or is seen here.
    """
    caller = command.caller
    user_id = UUID(caller.id) if caller.kind == "user" else None
    if own is not None:
        user_id = own.created_by
    if user_id is None:
        return None
    user = await deps.storage.users.lock(user_id, merchant_id=caller.merchant.id)
    if user is None or not user.is_active or not user.role.covers(command.role):
        raise AuthenticationError
    return user_id


async def revoke_key(caller: Caller, key_id: UUID, deps: Deps) -> ApiKey:
    """Revoke a key: the next request with it is refused.

    Raises:
        NotFoundError: No such key, or another merchant's.
        ForbiddenError: It has a higher role than the caller.
    """
    keys, merchant_id = deps.storage.api_keys, caller.merchant.id
    key = await keys.get(key_id, merchant_id=merchant_id)
    if key is not None and not caller.role.covers(key.role):
        raise ForbiddenError(f"This needs the role {key.role}; yours is {caller.role}")
    revoked = await keys.revoke(key_id, merchant_id=merchant_id, at=deps.clock.now())
    if revoked is None:
        raise NotFoundError("API key")
    return revoked


async def show_key_pair(merchant_id: UUID, deps: Deps) -> KeyPair:
    """Return the merchant's key pair."""
    return _found(await deps.storage.merchants.key_pair(merchant_id))


async def rotate_key_pair(merchant_id: UUID, grace: timedelta, deps: Deps) -> RotatedPair:
    """Create a new secret of the merchant's key pair, also after it was revoked.

    Args:
        merchant_id: The merchant.
        grace: How long the previous secret stays valid; zero ends it at once.
        deps: The app.

    Raises:
        NotFoundError: No such merchant.
    """
    secret = SECRET_PREFIX + deps.ids.token()
    pair = await deps.storage.merchants.rotate_key_pair(
        merchant_id, secret_sha256=secret_digest(secret), grace=grace, at=deps.clock.now()
    )
    return RotatedPair(_found(pair), secret)


async def revoke_key_pair(merchant_id: UUID, deps: Deps) -> KeyPair:
    """Revoke the merchant's key pair: the next request with it is refused.

    Raises:
        NotFoundError: No such merchant.
    """
    return _found(await deps.storage.merchants.revoke_key_pair(merchant_id, at=deps.clock.now()))


def _found(pair: KeyPair | None) -> KeyPair:
    if pair is None:
        raise NotFoundError("Merchant")
    return pair
