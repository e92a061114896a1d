"""``paygate seed``: the credentials that development shows to everyone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ..adapters.postgres.migrate import require_migrated
from ..adapters.postgres.storage import PostgresStorage
from ..bootstrap import open_app
from ..seeding import seed as store
from .setup import Setup


async def seed(setup: Setup) -> Sequence[str]:
    """Store the test merchant, or activate it again; lines for a person.

    Raises:
        OperatorError: The app cannot be put together.
    """
    async with open_app(setup.settings, setup.environ) as opened:
        await store(opened.deps)
        merchant = opened.deps.test_merchant
        if merchant is None:
            return ["production has no test merchant"]
        await opened.storage.merchants.activate_test(UUID(merchant.id))
        return [merchant.api_key]


async def remove_tests(setup: Setup) -> Sequence[str]:
    """Deactivate the test merchant and all namespaces, in production too; lines for a person.

    Their orders, payments and events stay.

    Raises:
        OperatorError: The database cannot be reached, or lacks a migration.
    """
    storage = await PostgresStorage.connect(setup.settings.database_url, pool_size=2)
    try:
        await require_migrated(storage.executor)
        keys = await storage.merchants.deactivate_tests()
    finally:
        await storage.close()
    return [f"deactivated {key}" for key in keys] or ["nothing to do"]
