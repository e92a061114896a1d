"""``paygate seed``, ``paygate user`` and ``paygate merchant``: manage merchants and users."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from ..adapters.postgres.migrate import require_migrated
from ..adapters.postgres.storage import PostgresStorage
from ..bootstrap import open_app
from ..core.accounts.api_keys import SECRET_PREFIX, revoke_key_pair, rotate_key_pair
from ..core.accounts.audit import SYSTEM, AuditedAction, record_audit
from ..core.accounts.authenticate import secret_digest
from ..core.accounts.model import Merchant, Role
from ..core.accounts.team import AddUser, add_user, set_password
from ..core.api.fields import Email
from ..core.deps import Deps
from ..core.errors import EmailTakenError, OperatorError
from ..core.ids import IdKind
from ..core.limits import TEXT_CHARS_MAX
from ..core.webhooks.endpoints import new_secret
from ..seeding import seed as store
from .setup import Setup

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


async def seed(setup: Setup) -> Sequence[str]:
    """Create or reactivate the test merchant; return lines for a person.

    Raises:
        OperatorError: The app cannot be started.
    """
    async with open_app(setup.settings, setup.environ) as opened:
        await store(opened.deps)
        merchant = opened.deps.policy.test_merchant
        if merchant is None:
            return ["production has no test merchant"]
        await opened.storage.merchants.activate_test(UUID(merchant.id))
        return [merchant.api_key]


async def remove_tests(setup: Setup) -> Sequence[str]:
    """Deactivate the test merchant and all test namespaces; return lines for a person.

    This also works in production. Their orders, payments and events are kept.

    Raises:
        OperatorError: The database is not available, or a migration is missing.
    """
    storage = await PostgresStorage.connect(setup.settings.database_url, pool_size=2)
    try:
        await require_migrated(storage.executor)
        keys = await storage.merchants.deactivate_tests()
    finally:
        await storage.close()
    return [f"deactivated {key}" for key in keys] or ["nothing to do"]


async def add(
    setup: Setup, email: str, merchant: str, role: Role, given: str | None, *, is_operator: bool
) -> str:
    """Add a user; return the password.

    Raises:
        OperatorError: The merchant does not exist, or the address is invalid or already used.
    """
    address = _email(email)
    password = given or secrets.token_urlsafe(32)
    async with open_app(setup.settings, setup.environ) as app, app.storage.transaction() as storage:
        bound = replace(app.deps, storage=storage)
        merchant_id = _uuid(merchant)
        if await storage.merchants.get(merchant_id) is None:
            raise _unknown("--merchant", "there is no such merchant")
        command = AddUser(merchant_id, address, role, password, is_operator=is_operator)
        try:
            user = await add_user(command, bound)
        except EmailTakenError:
            raise _unknown("EMAIL", "another user of the merchant has this address") from None
        done = AuditedAction("user.create", str(user.id), {"email": user.email, "role": role})
        await record_audit(done, SYSTEM, merchant_id, bound)
    return password


async def reset(setup: Setup, email: str, merchant: str, given: str | None) -> str:
    """Set a new password and end the user's sessions; return the password.

    Raises:
        OperatorError: The user does not exist.
    """
    password = given or secrets.token_urlsafe(32)
    async with open_app(setup.settings, setup.environ) as app, app.storage.transaction() as storage:
        bound = replace(app.deps, storage=storage)
        merchant_id = _uuid(merchant) if merchant else None
        user = await storage.users.by_email(email.lower(), merchant_id=merchant_id)
        if user is None:
            raise _unknown("EMAIL", "this user does not exist")
        await set_password(user, await bound.passwords.hash(password), bound)
        done = AuditedAction("user.reset_password", str(user.id))
        await record_audit(done, SYSTEM, user.merchant_id, bound)
    return password


async def add_merchant(setup: Setup, name: str, email: str) -> tuple[Merchant, str]:
    """Create a merchant; return it and its secret, which is not stored.

    Raises:
        OperatorError: The address is invalid or belongs to another merchant.
    """
    address = _email(email)
    async with open_app(setup.settings, setup.environ) as app, app.storage.transaction() as storage:
        deps = replace(app.deps, storage=storage)
        secret = SECRET_PREFIX + deps.ids.token()
        merchant = Merchant(
            id=deps.ids.uuid(),
            name=name[:TEXT_CHARS_MAX],
            email=address,
            api_key=deps.ids.new(IdKind.KEY),
            is_active=True,
            webhook_url=None,
            webhook_secret=None,
            created_at=deps.clock.now(),
        )
        await storage.merchants.seed(
            merchant,
            secret_sha256=secret_digest(secret),
            webhook_secret=new_secret(merchant.id, deps),
        )
        if await storage.merchants.get(merchant.id) is None:
            raise _unknown("EMAIL", "another merchant has this address")
        done = AuditedAction(
            "merchant.create", str(merchant.id), {"name": merchant.name, "email": address}
        )
        await record_audit(done, SYSTEM, merchant.id, deps)
    return merchant, secret


async def rotate_key(setup: Setup, merchant: str, grace: timedelta) -> tuple[str, str]:
    """Rotate the secret of a merchant's own key pair; return the key and the secret.

    Raises:
        OperatorError: The merchant does not exist.
    """
    async with _of_merchant(setup, merchant) as (merchant_id, bound):
        rotated = await rotate_key_pair(merchant_id, grace, bound)
        detail = {"grace_seconds": int(grace.total_seconds())}
        done = AuditedAction("key_pair.rotate", str(merchant_id), detail)
        await record_audit(done, SYSTEM, merchant_id, bound)
    return rotated.pair.key, rotated.secret


async def revoke_key(setup: Setup, merchant: str) -> str:
    """Revoke a merchant's own key pair; return the key.

    Raises:
        OperatorError: The merchant does not exist.
    """
    async with _of_merchant(setup, merchant) as (merchant_id, bound):
        pair = await revoke_key_pair(merchant_id, bound)
        await record_audit(
            AuditedAction("key_pair.revoke", str(merchant_id)), SYSTEM, merchant_id, bound
        )
    return pair.key


@asynccontextmanager
async def _of_merchant(setup: Setup, merchant: str) -> AsyncIterator[tuple[UUID, Deps]]:
    """Open a transaction for a merchant that exists."""
    merchant_id = _uuid(merchant, "ID")
    async with open_app(setup.settings, setup.environ) as app, app.storage.transaction() as storage:
        if await storage.merchants.get(merchant_id) is None:
            raise _unknown("ID", "there is no such merchant")
        yield merchant_id, replace(app.deps, storage=storage)


def _email(text: str) -> str:
    try:
        return _EMAIL.validate_python(text)
    except ValidationError:
        raise _unknown("EMAIL", "it is not an e-mail address") from None


def _uuid(text: str, setting: str = "--merchant") -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown(setting, "it is not the id of a merchant") from None


def _unknown(setting: str, problem: str) -> OperatorError:
    return OperatorError(setting=setting, problem=problem, remedy="Correct it and try again")
