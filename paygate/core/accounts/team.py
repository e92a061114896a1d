"""Manage the users of a merchant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from ..deps import Deps
from ..errors import ForbiddenError, LastOwnerError, NotFoundError
from .audit import AuditedAction, actor_of, record_audit
from .model import Caller, Role, User


@dataclass(frozen=True, slots=True)
class AddUser:
    """A request for a new user.

    Args:
        email: In lower case.
        password: In clear; stored as a hash.
    """

    merchant_id: UUID
    email: str
    role: Role
    password: str
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class ChangeUser:
    """A change of a user; None keeps a value."""

    caller: Caller
    user_id: UUID
    role: Role | None
    is_active: bool | None


async def add_user(command: AddUser, deps: Deps, *, hashed: str | None = None) -> User:
    """Store a new user.

    Args:
        command: The new user.
        deps: The app.
        hashed: The password's hash, for callers that hold locks: hashing is slow.

    Raises:
        EmailTakenError: Another user of the merchant has that address.
    """
    user = User(
        id=deps.ids.uuid(),
        merchant_id=command.merchant_id,
        email=command.email,
        password_hash=hashed or await deps.passwords.hash(command.password),
        role=command.role,
        is_active=True,
        is_operator=command.is_operator,
        created_at=deps.clock.now(),
    )
    await deps.storage.users.add(user)
    return user


async def change_user(command: ChangeUser, deps: Deps) -> User:
    """Change a user, with immediate effect. Only inside a transaction.

    The user's keys end with the user, and with the role that they require.

    Raises:
        NotFoundError: No such user, or another merchant's.
        ForbiddenError: The user is an operator, and the caller is not.
        LastOwnerError: No active owner would be left.
    """
    caller, users = command.caller, deps.storage.users
    # Locked before the check, so that two owners cannot demote each other at once.
    owners = await users.lock_owners(caller.merchant.id)
    user = await _their_user(command.user_id, caller, deps)
    after = replace(
        user,
        role=user.role if command.role is None else command.role,
        is_active=user.is_active if command.is_active is None else command.is_active,
    )
    is_owner_after = after.is_active and after.role is Role.OWNER
    if list(owners) == [user.id] and not is_owner_after:
        raise LastOwnerError
    await users.update(user.id, role=after.role, is_active=after.is_active, at=deps.clock.now())
    if not after.is_active:
        await deps.storage.sessions.end_all(user.id)
    await _end_keys(after, caller, deps)
    return after


async def _end_keys(user: User, caller: Caller, deps: Deps) -> None:
    """Revoke keys of the user that have a higher role than the user."""
    may = [role for role in Role if user.is_active and user.role.covers(role)]
    ended = await deps.storage.api_keys.revoke_of_user(user.id, but=may, at=deps.clock.now())
    for key in ended:
        done = AuditedAction("key.revoke", str(key.id), {"label": key.label, "made_by": user.email})
        await record_audit(done, actor_of(caller), user.merchant_id, deps)


async def reset_password(caller: Caller, user_id: UUID, hashed: str, deps: Deps) -> User:
    """Set another password of a user and end the user's sessions. Only in a transaction.

    Raises:
        NotFoundError: No such user, or another merchant's.
        ForbiddenError: The user is an operator, and the caller is not.
    """
    user = await _their_user(user_id, caller, deps)
    await set_password(user, hashed, deps)
    return user


async def set_password(user: User, hashed: str, deps: Deps) -> None:
    """Store a password and end the user's sessions. Only inside a transaction."""
    await deps.storage.users.set_password(user.id, hashed, instead_of=None, at=deps.clock.now())
    await deps.storage.sessions.end_all(user.id)


async def _their_user(user_id: UUID, caller: Caller, deps: Deps) -> User:
    user = await deps.storage.users.lock(user_id, merchant_id=caller.merchant.id)
    if user is None:
        raise NotFoundError("User")
    if user.is_operator and not caller.is_operator:
        raise ForbiddenError("Only an operator may change an operator")
    return user
