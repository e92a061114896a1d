"""The storage port: every repository, alone or in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

from .accounts.store import AccountRepositories, MerchantRepository
from .figures import FigureRepository
from .idempotency import IdempotencyRepository
from .payments.link_store import LinkRepository
from .payments.past_routes import PastRouteRepository
from .payments.store import (
    AttentionRepository,
    CallbackRepository,
    OperationRepository,
    OrderRepository,
    PaymentRepository,
    RefundRepository,
)
from .plugin_api.records import RecordRepository
from .plugin_api.settings import PluginSettingRepository
from .queue.store import (
    HousekeepingRepository,
    RetentionRepository,
    SealedTextRepository,
    WorkerRepository,
)
from .webhooks.store import DeliveryRepository, EndpointRepository, FeedRepository


class Repositories(AccountRepositories, Protocol):
    """All repositories, bound to a pool or to one transaction."""

    @property
    def idempotency(self) -> IdempotencyRepository:
        """Stored responses of idempotent requests."""
        ...

    @property
    def merchants(self) -> MerchantRepository:
        """Merchants."""
        ...

    @property
    def endpoints(self) -> EndpointRepository:
        """Webhook endpoints."""
        ...

    @property
    def orders(self) -> OrderRepository:
        """Orders."""
        ...

    @property
    def links(self) -> LinkRepository:
        """Orders of payment links."""
        ...

    @property
    def payments(self) -> PaymentRepository:
        """Payments."""
        ...

    @property
    def refunds(self) -> RefundRepository:
        """Refunds."""
        ...

    @property
    def callbacks(self) -> CallbackRepository:
        """Callbacks of processors."""
        ...

    @property
    def operations(self) -> OperationRepository:
        """Operations."""
        ...

    @property
    def deliveries(self) -> DeliveryRepository:
        """Deliveries."""
        ...

    @property
    def attention(self) -> AttentionRepository:
        """Items that need an operator's attention."""
        ...

    @property
    def figures(self) -> FigureRepository:
        """Figures of payments and of queues."""
        ...

    @property
    def past_routes(self) -> PastRouteRepository:
        """Routes of past payments."""
        ...

    @property
    def plugin_settings(self) -> PluginSettingRepository:
        """Settings of plugins that operators changed."""
        ...

    @property
    def plugin_records(self) -> RecordRepository:
        """Records of plugins."""
        ...

    @property
    def sealed_texts(self) -> SealedTextRepository:
        """Sealed texts that are stored for long."""
        ...

    @property
    def housekeeping(self) -> HousekeepingRepository:
        """Erasure of what has expired."""
        ...

    @property
    def retention(self) -> RetentionRepository:
        """Deletion of old rows."""
        ...

    @property
    def feed(self) -> FeedRepository:
        """Events in the one order in which every stream sends them."""
        ...

    @property
    def workers(self) -> WorkerRepository:
        """Workers."""
        ...


class Storage(Repositories, Protocol):
    """The database."""

    @property
    def is_in_transaction(self) -> bool:
        """Whether these repositories are bound to a transaction."""
        ...

    def transaction(
        self, *, lock_wait: timedelta | None = None
    ) -> AbstractAsyncContextManager[Storage]:
        """Open a transaction and yield its repositories; commit at the end or store nothing.

        Args:
            lock_wait: How long a statement waits for a locked row; None for the default.

        Raises:
            RowLockedError: A row was locked for longer.
        """
        ...

    async def is_connected(self) -> bool:
        """Check whether the database responds."""
        ...

    def connections(self) -> tuple[int, int]:
        """Return how many connections of the pool are in use, and how many are not."""
        ...

    async def missing_migrations(self) -> Sequence[str]:
        """Return the names of the migrations that the database lacks.

        Raises:
            InfrastructureError: The database does not respond.
        """
        ...
