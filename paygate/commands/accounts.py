"""``paygate user`` and ``paygate merchant``: who may sign in, where nobody is seeded."""

from __future__ import annotations

import secrets
from dataclasses import replace
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from ..bootstrap import open_app
from ..core.domain.errors import EmailTakenError, OperatorError
from ..core.domain.ids import IdKind
from ..core.domain.limits import TEXT_CHARS_MAX
from ..core.domain.merchant import Merchant
from ..core.domain.role import Role
from ..core.services.api_keys import SECRET_PREFIX
from ..core.services.audit import SYSTEM, Done, write_down
from ..core.services.authenticate import secret_digest
from ..core.services.team import AddUser, add_user, set_password
from ..core.web.wire.accounts import Email
from .setup import Setup

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


async def add(
    setup: Setup, email: str, merchant: str, role: Role, given: str | None, *, is_operator: bool
) -> str:
    """Let somebody in; their password.

    Raises:
        OperatorError: There is no such merchant, or the address is none or another user's.
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
            raise _unknown("EMAIL", "another user has that address") from None
        done = Done("user.create", str(user.id), {"email": user.email, "role": role})
        await write_down(done, SYSTEM, merchant_id, bound)
    return password


async def reset(setup: Setup, email: str, given: str | None) -> str:
    """Give somebody another password, and end their sessions; the password.

    Raises:
        OperatorError: There is no such user.
    """
    password = given or secrets.token_urlsafe(32)
    async with open_app(setup.settings, setup.environ) as app, app.storage.transaction() as storage:
        bound = replace(app.deps, storage=storage)
        user = await storage.users.by_email(email.lower())
        if user is None:
            raise _unknown("EMAIL", "there is no such user")
        await set_password(user, await bound.passwords.hash(password), bound)
        done = Done("user.reset_password", str(user.id))
        await write_down(done, SYSTEM, user.merchant_id, bound)
    return password


async def add_merchant(setup: Setup, name: str, email: str) -> tuple[Merchant, str]:
    """Make a merchant; it and its secret, which is not kept.

    Raises:
        OperatorError: The address is none, or another merchant's.
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
            webhook_secret=deps.ids.webhook_secret(),
            created_at=deps.clock.now(),
        )
        await storage.merchants.seed(merchant, secret_sha256=secret_digest(secret))
        if await storage.merchants.get(merchant.id) is None:
            raise _unknown("EMAIL", "another merchant has that address")
        done = Done("merchant.create", str(merchant.id), {"name": merchant.name, "email": address})
        await write_down(done, SYSTEM, merchant.id, deps)
    return merchant, secret


def _email(text: str) -> str:
    try:
        return _EMAIL.validate_python(text)
    except ValidationError:
        raise _unknown("EMAIL", "it is no e-mail address") from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown("--merchant", "it is no id of a merchant") from None


def _unknown(setting: str, problem: str) -> OperatorError:
    return OperatorError(setting=setting, problem=problem, remedy="Correct it and try again")
