"""Seed the test merchant of development at start-up."""

from __future__ import annotations

from uuid import UUID

from .core.accounts.authenticate import secret_digest
from .core.accounts.model import Merchant, Role, User
from .core.deps import Deps
from .core.webhooks.endpoints import new_secret


async def seed(deps: Deps) -> None:
    """Store the test merchant, unless it exists or this is production."""
    shown = deps.policy.test_merchant
    if shown is None:
        return
    merchant = Merchant(
        id=UUID(shown.id),
        name=shown.name,
        email=shown.email,
        api_key=shown.api_key,
        is_active=True,
        webhook_url=None,
        webhook_secret=None,
        created_at=deps.clock.now(),
        is_test=True,
    )
    await deps.storage.merchants.seed(
        merchant,
        secret_sha256=secret_digest(shown.api_secret),
        webhook_secret=new_secret(merchant.id, deps, chosen=shown.webhook_secret),
    )
    if await deps.storage.merchants.get(merchant.id) is not None:
        await deps.storage.users.seed(_test_user(merchant, deps))


def _test_user(merchant: Merchant, deps: Deps) -> User:
    """Return a user who signs in with any password, only where there is a test merchant."""
    return User(
        id=deps.ids.uuid(),
        merchant_id=merchant.id,
        email=merchant.email.lower(),
        # Without a password hash: production refuses this user.
        password_hash="",
        role=Role.OWNER,
        is_active=True,
        is_operator=True,
        created_at=deps.clock.now(),
    )
