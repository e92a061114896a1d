"""The storage: every repository, alone or in one transaction."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from .accounts.store import AccountRepositories, MerchantRepository
from .figures import FigureRepository
from .idempotency import IdempotencyRepository
from .payments.store import (
    AttentionRepository,
    CallbackRepository,
    OperationRepository,
    OrderRepository,
    PaymentRepository,
    RefundRepository,
)
from .plugin_api.settings import PluginSettingRepository
from .queue.store import HousekeepingRepository, SealedTextRepository, WorkerRepository
from .webhooks.store import DeliveryRepository, EndpointRepository, FeedRepository


class Repositories(AccountRepositories, Protocol):
    """All of them, bound to a pool or to one transaction."""

    @property
    def idempotency(self) -> IdempotencyRepository:
        """Answers that were given."""
        ...

    @property
    def merchants(self) -> MerchantRepository:
        """Merchants."""
        ...

    @property
    def endpoints(self) -> EndpointRepository:
        """Where events go."""
        ...

    @property
    def orders(self) -> OrderRepository:
        """Orders."""
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
        """Processors' callbacks."""
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
        """What operators have to look at."""
        ...

    @property
    def figures(self) -> FigureRepository:
        """Figures about payments and about work."""
        ...

    @property
    def plugin_settings(self) -> PluginSettingRepository:
        """What operators set of plugins."""
        ...

    @property
    def sealed_texts(self) -> SealedTextRepository:
        """Sealed texts that are kept for long."""
        ...

    @property
    def housekeeping(self) -> HousekeepingRepository:
        """Forgetting what is old."""
        ...

    @property
    def feed(self) -> FeedRepository:
        """Events in the one order in which everybody reads them."""
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

    def transaction(self) -> AbstractAsyncContextManager[Storage]:
        """The repositories in one transaction: committed at the end, or nothing."""
        ...

    async def is_connected(self) -> bool:
        """Whether the database answers."""
        ...
