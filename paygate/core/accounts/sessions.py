"""Sign users in, and change their passwords."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from ..deps import Deps
from ..errors import AuthenticationError, InvalidInputError, LoginRefusedError
from ..senders.addresses import address_of_sender
from .audit import AuditedAction, record_audit
from .authenticate import secret_digest
from .model import Actor, Session, User
from .refusals import Refusal

REFUSED = "Email or password is wrong"
"""The message for every cause, including a locked account."""


@dataclass(frozen=True, slots=True)
class LogIn:
    """A login request.

    Args:
        ip: The client's address; attempts are counted for each account and address.
        replaces: The token of the session that the new one replaces.
        merchant_id: The user's merchant; None for the oldest user with that address.
    """

    email: str
    password: str
    ip: str | None
    replaces: str | None = None
    merchant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """A request of a signed-in user for a new password."""

    session: Session
    current: str
    new: str
    ip: str | None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session and its token, which is not stored."""

    session: Session
    token: str


async def log_in(command: LogIn, deps: Deps) -> LoggedIn:
    """Sign a user in.

    Raises:
        AuthenticationError: The password is wrong, or the account is unknown, deactivated
            or locked; neither the message nor the duration reveals which.
        TooManyError: Too many logins are being verified.
    """
    email = command.email.lower()
    user = await deps.storage.users.by_email(email, merchant_id=command.merchant_id)
    is_right = await _may_enter(email, user, command, deps)
    if user is None or not is_right:
        raise LoginRefusedError(REFUSED)
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        if command.replaces:
            await storage.sessions.end(secret_digest(command.replaces))
        logged_in = await _open(user, command.ip, bound)
        await storage.sessions.clear_failures(_attempts_key(email, user, command.ip, deps))
        await _audit("session.create", user, command.ip, bound)
    return logged_in


async def change_password(command: ChangePassword, deps: Deps) -> LoggedIn:
    """Store a new password, end all sessions of the user and open a new one.

    Raises:
        InvalidInputError: The current password is wrong, or the account is locked.
        AuthenticationError: A concurrent request has ended this session.
        TooManyError: Too many logins are being verified.
    """
    user = command.session.user
    tried = LogIn(user.email, command.current, command.ip)
    if not await _may_enter(user.email, user, tried, deps):
        raise InvalidInputError("current_password is wrong", field="current_password")
    hashed = await deps.passwords.hash(command.new)
    async with deps.storage.transaction() as storage:
        bound = replace(deps, storage=storage)
        is_stored = await storage.users.set_password(
            user.id, hashed, instead_of=user.password_hash, at=deps.clock.now()
        )
        if not is_stored:
            raise AuthenticationError
        await storage.sessions.end_all(user.id)
        logged_in = await _open(replace(user, password_hash=hashed), command.ip, bound)
        await storage.sessions.clear_failures(_attempts_key(user.email, user, command.ip, deps))
        await _audit("user.change_password", user, command.ip, bound)
    return logged_in


async def log_out(session: Session, token: str, deps: Deps, *, ip: str | None) -> None:
    """End the session."""
    async with deps.storage.transaction() as storage:
        await storage.sessions.end(secret_digest(token))
        await _audit("session.end", session.user, ip, replace(deps, storage=storage))


async def _may_enter(email: str, user: User | None, command: LogIn, deps: Deps) -> bool:
    if user is not None and user.is_active and _is_test_user(user, deps):
        return True
    with deps.passwords.admit():
        return await _is_password_right(email, user, command, deps)


async def _is_password_right(email: str, user: User | None, command: LogIn, deps: Deps) -> bool:
    # Counted before the check, so that concurrent attempts cannot exceed the limit.
    if not await deps.storage.sessions.count_login_attempt(
        _attempts_key(email, user, command.ip, deps)
    ):
        _refuse("session.locked", "too many wrong passwords", user, command.ip, deps)
        # Verify a password anyway: a fast refusal would reveal which addresses belong to one
        # user, and so which are known.
        await deps.passwords.verify(None, command.password)
        return False
    stored = user.password_hash if user is not None and user.is_active else None
    is_right = await deps.passwords.verify(stored, command.password)
    if not is_right:
        reason = "unknown account" if user is None else "wrong password"
        if user is not None and not user.is_active:
            reason = "deactivated account"
        _refuse("session.refused", reason, user, command.ip, deps)
    return is_right


def _refuse(action: str, reason: str, user: User | None, ip: str | None, deps: Deps) -> None:
    """Log a refusal; nothing of an unknown account, because people type passwords there."""
    if user is None:
        deps.refusals.count(Refusal(action, reason, ip))
        return
    detail = {"email": user.email}
    deps.refusals.count(Refusal(action, reason, ip, user.merchant_id, str(user.id), detail=detail))


def _is_test_user(user: User, deps: Deps) -> bool:
    """Check whether any password is accepted: never in production."""
    test = deps.policy.test_merchant
    if test is None or str(user.merchant_id) != test.id:
        return False
    return user.email == test.email.lower()


def _attempts_key(email: str, user: User | None, ip: str | None, deps: Deps) -> str:
    # Per user: signing in as another user with that address does not reset it.
    account = f"{user.merchant_id}:{email}" if user is not None else email
    # A digest, because people type passwords in place of the address.
    content = f"login:{account}\n{address_of_sender(ip)}"
    return deps.vault.fingerprint(content.encode(), purpose="login")


async def _open(user: User, ip: str | None, bound: Deps) -> LoggedIn:
    token = bound.ids.token()
    session = await bound.storage.sessions.open(
        secret_digest(token), user, ip=ip, at=bound.clock.now()
    )
    if session is None or (bound.policy.is_production and session.merchant.is_for_tests):
        _refuse("session.refused", "suspended merchant or changed account", user, ip, bound)
        raise LoginRefusedError(REFUSED)
    return LoggedIn(session, token)


async def _audit(action: str, user: User, ip: str | None, bound: Deps) -> None:
    actor = Actor("user", str(user.id), user.email)
    await record_audit(AuditedAction(action, str(user.id)), actor, user.merchant_id, bound, ip=ip)
