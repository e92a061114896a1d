"""The storage on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial

from tortoise.context import TortoiseContext

from ...core.batching import Batcher
from ...core.errors import InfrastructureError
from .database import Executor, connect
from .migrate import missing_migrations
from .pool import pool_of
from .tables.accounts import PostgresApiKeys, PostgresAudit, PostgresSessions, PostgresUsers
from .tables.attention import PostgresAttention
from .tables.callbacks import PostgresCallbacks
from .tables.clock_moves import PostgresTestClock
from .tables.deliveries import PostgresDeliveries
from .tables.endpoints import PostgresEndpoints
from .tables.feed import PostgresFeed
from .tables.figures import PostgresFigures
from .tables.housekeeping import (
    PostgresHousekeeping,
    PostgresRetention,
    PostgresSealedTexts,
)
from .tables.idempotency import PostgresIdempotency
from .tables.merchants import PostgresMerchants, find_credentials
from .tables.operations import PostgresOperations
from .tables.orders import PostgresLinks, PostgresOrders
from .tables.payments import PostgresPastRoutes, PostgresPayments, find_payments
from .tables.plugin_rows import PostgresPluginRecords, PostgresPluginSettings
from .tables.refunds import PostgresRefunds
from .tables.workers import PostgresWorkers

# Statements that read for concurrent requests. Several, so that a connection that hangs does not
# stop all of them; few, so that each reads for many requests.
READS_MAX = 4


@dataclass(frozen=True)
class PostgresRepositories:
    """Every repository, bound to one executor."""

    executor: Executor

    @property
    def idempotency(self) -> PostgresIdempotency:
        """Stored responses of idempotent requests."""
        return PostgresIdempotency(self.executor)

    @property
    def merchants(self) -> PostgresMerchants:
        """Merchants."""
        return PostgresMerchants(self.executor)

    @property
    def endpoints(self) -> PostgresEndpoints:
        return PostgresEndpoints(self.executor)

    @property
    def users(self) -> PostgresUsers:
        """Users of the dashboard."""
        return PostgresUsers(self.executor)

    @property
    def sessions(self) -> PostgresSessions:
        """Login sessions."""
        return PostgresSessions(self.executor)

    @property
    def api_keys(self) -> PostgresApiKeys:
        """API keys in addition to the merchants' own key pairs."""
        return PostgresApiKeys(self.executor)

    @property
    def audit(self) -> PostgresAudit:
        """The audit log."""
        return PostgresAudit(self.executor)

    @property
    def orders(self) -> PostgresOrders:
        """Orders."""
        return PostgresOrders(self.executor)

    @property
    def links(self) -> PostgresLinks:
        """Payment links, which are orders."""
        return PostgresLinks(self.executor)

    @property
    def payments(self) -> PostgresPayments:
        """Payments."""
        return PostgresPayments(self.executor)

    @property
    def refunds(self) -> PostgresRefunds:
        """Refunds."""
        return PostgresRefunds(self.executor)

    @property
    def callbacks(self) -> PostgresCallbacks:
        return PostgresCallbacks(self.executor)

    @property
    def operations(self) -> PostgresOperations:
        """Operations."""
        return PostgresOperations(self.executor)

    @property
    def deliveries(self) -> PostgresDeliveries:
        """Deliveries."""
        return PostgresDeliveries(self.executor)

    @property
    def test_clock(self) -> PostgresTestClock:
        """The test clock."""
        return PostgresTestClock(self.executor)

    @property
    def attention(self) -> PostgresAttention:
        """Items that need attention."""
        return PostgresAttention(self.executor)

    @property
    def figures(self) -> PostgresFigures:
        """Figures about payments and about work."""
        return PostgresFigures(self.executor)

    @property
    def past_routes(self) -> PostgresPastRoutes:
        """Routes of past payments."""
        return PostgresPastRoutes(self.executor)

    @property
    def plugin_settings(self) -> PostgresPluginSettings:
        """Stored settings of plugins."""
        return PostgresPluginSettings(self.executor)

    @property
    def plugin_records(self) -> PostgresPluginRecords:
        """Records of plugins."""
        return PostgresPluginRecords(self.executor)

    @property
    def sealed_texts(self) -> PostgresSealedTexts:
        """Long-lived encrypted texts."""
        return PostgresSealedTexts(self.executor)

    @property
    def housekeeping(self) -> PostgresHousekeeping:
        """Erasure of what has expired."""
        return PostgresHousekeeping(self.executor)

    @property
    def retention(self) -> PostgresRetention:
        """Deletion of old rows."""
        return PostgresRetention(self.executor)

    @property
    def feed(self) -> PostgresFeed:
        """Events in their global order."""
        return PostgresFeed(self.executor)

    @property
    def workers(self) -> PostgresWorkers:
        """Workers."""
        return PostgresWorkers(self.executor)

    @property
    def is_in_transaction(self) -> bool:
        return self.executor.is_in_transaction

    @asynccontextmanager
    async def transaction(
        self, *, lock_wait: timedelta | None = None
    ) -> AsyncIterator[PostgresRepositories]:
        """See ``Storage.transaction``; inside one, a savepoint."""
        wait_ms = None if lock_wait is None else round(lock_wait.total_seconds() * 1000)
        async with self.executor.transaction(lock_timeout_ms=wait_ms) as executor:
            yield PostgresRepositories(executor)

    async def is_connected(self) -> bool:
        try:
            return bool(await self.executor.fetchval("SELECT true"))
        except InfrastructureError:
            return False

    def connections(self) -> tuple[int, int]:
        return pool_of(self.executor.client).connections()

    async def missing_migrations(self) -> Sequence[str]:
        return await missing_migrations(self.executor)


@dataclass(frozen=True)
class PostgresStorage(PostgresRepositories):
    """The repositories on their own pool. Close it when done."""

    context: TortoiseContext

    @cached_property
    def merchants(self) -> PostgresMerchants:
        """Merchants; concurrent requests read their credentials together."""
        return PostgresMerchants(
            self.executor,
            Batcher(partial(find_credentials, executor=self.executor), batches_max=READS_MAX),
        )

    @cached_property
    def payments(self) -> PostgresPayments:
        """Payments; concurrent requests read theirs together."""
        return PostgresPayments(
            self.executor,
            Batcher(partial(find_payments, executor=self.executor), batches_max=READS_MAX),
        )

    @classmethod
    async def connect(cls, url: str, *, pool_size: int) -> PostgresStorage:
        """Open a pool.

        Raises:
            OperatorError: The database is not available.
        """
        context, executor = await connect(url, pool_size=pool_size)
        return cls(executor, context)

    async def close(self) -> None:
        """Close the pool."""
        await self.context.close_connections()
