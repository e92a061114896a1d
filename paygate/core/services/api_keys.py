"""Keys beside the pair that stands on the merchant."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ..domain.account import ApiKey, Caller
from ..domain.errors import ForbiddenError, NotFoundError
from ..domain.ids import IdKind
from ..domain.role import Role
from .authenticate import secret_digest
from .deps import Deps

SECRET_PREFIX = "secret_"  # noqa: S105 - so that people and scanners know one when they see it
SHOWN_CHARS = 4


@dataclass(frozen=True, slots=True)
class CreateKey:
    """What was asked for."""

    caller: Caller
    label: str
    role: Role


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key, and its secret: the only time that anybody sees it."""

    key: ApiKey
    secret: str


async def create_key(command: CreateKey, deps: Deps) -> NewKey:
    """Make a key.

    Raises:
        ForbiddenError: It could do more than whoever asks for it.
    """
    caller = command.caller
    if not caller.role.covers(command.role):
        raise ForbiddenError(f"This needs the role {command.role}; yours is {caller.role}")
    secret = SECRET_PREFIX + deps.ids.token()
    key = ApiKey(
        id=deps.ids.uuid(),
        merchant_id=caller.merchant.id,
        label=command.label,
        key=deps.ids.new(IdKind.KEY),
        secret_last4=secret[-SHOWN_CHARS:],
        role=command.role,
        created_at=deps.clock.now(),
    )
    await deps.storage.api_keys.add(key, secret_sha256=secret_digest(secret))
    return NewKey(key, secret)


async def revoke_key(caller: Caller, key_id: UUID, deps: Deps) -> ApiKey:
    """End a key: the next request with it is refused.

    Raises:
        NotFoundError: No such key, or another merchant's.
    """
    key = await deps.storage.api_keys.revoke(
        key_id, merchant_id=caller.merchant.id, at=deps.clock.now()
    )
    if key is None:
        raise NotFoundError("API key")
    return key
