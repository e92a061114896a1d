"""Callers: signed-in users, API keys, and those whose rights have ended."""

from __future__ import annotations

from uuid import UUID

from paygate.core.accounts.api_keys import CreateKey, create_key
from paygate.core.accounts.authenticate import csrf_token, secret_digest
from paygate.core.accounts.model import Caller, Role, User

from .apps import TestApp

COOKIE = "__Host-paygate"


async def merchant_id(app: TestApp) -> UUID:
    test = app.app.deps.policy.test_merchant
    assert test is not None
    return UUID(test.id)


async def a_user(
    app: TestApp, email: str, role: Role, *, of: UUID | None = None, is_operator: bool = False
) -> User:
    """Return a user without a password: hashing one is slow on purpose."""
    deps = app.app.deps
    user = User(
        id=deps.ids.uuid(),
        merchant_id=of or await merchant_id(app),
        email=email,
        password_hash="",
        role=role,
        is_active=True,
        is_operator=is_operator,
        created_at=deps.clock.now(),
    )
    await deps.storage.users.add(user)
    return user


async def signed_in(app: TestApp, user: User) -> dict[str, str]:
    """Return the headers of a page that the user looks at."""
    deps = app.app.deps
    token = deps.ids.token()
    async with deps.storage.transaction() as storage:
        opened = await storage.sessions.open(
            secret_digest(token), user, ip=None, at=deps.clock.now()
        )
    assert opened is not None
    return {"Cookie": f"{COOKIE}={token}", "X-Csrf-Token": csrf_token(token)}


async def a_key(app: TestApp, role: Role, *, of: UUID | None = None) -> dict[str, str]:
    """Return the headers of a program with a key of its own."""
    deps = app.app.deps
    merchant = await deps.storage.merchants.get(of or await merchant_id(app))
    assert merchant is not None
    owner = Caller(merchant, Role.OWNER, "key", str(merchant.id), merchant.api_key)
    made = await create_key(CreateKey(owner, f"a {role}'s", role), deps)
    return {"X-Api-Key": made.key.key, "X-Api-Secret": made.secret}
