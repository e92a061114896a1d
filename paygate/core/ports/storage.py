"""The database, as the use cases see it.

Every method is atomic by itself. ``Storage.transaction`` gives the same
repositories bound to one transaction, for what must stand or fall together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from ..domain.change import Change
from ..domain.endpoint import Endpoint
from ..domain.merchant import Credentials, KeyPair, Merchant
from ..domain.operation import Operation
from ..domain.payment import Payment
from ..domain.refund import Refund
from .accounts import AccountRepositories
from .attention import AttentionRepository
from .callback_storage import CallbackRepository
from .endpoint_storage import EndpointRepository, NewSecret
from .feed import FeedRepository
from .figures import FigureRepository
from .history import HistoryQuestion, PaymentCounts
from .housekeeping import HousekeepingRepository
from .idempotency_storage import IdempotencyRepository
from .kept import Kept
from .order_storage import OrderRepository
from .plugin_settings import PluginSettingRepository
from .records import (
    Decision,
    Moment,
    Page,
    PaymentTotals,
    StoredEvent,
)
from .sealed_storage import SealedTextRepository
from .searches import (
    ALL_PAYMENTS,
    ALL_REFUNDS,
    PaymentSearch,
    RefundSearch,
)
from .work import DeliveryRepository, OperationRepository
from .worker_storage import WorkerRepository


class MerchantRepository(Protocol):
    """Merchants."""

    async def credentials(self, api_key: str) -> Credentials | None:
        """The merchant with that key, active or not, and whatever has ended the key."""
        ...

    async def key_pair(self, merchant_id: UUID) -> KeyPair | None:
        """The pair on the merchant."""
        ...

    async def lock(self, merchant_id: UUID) -> None:
        """Keep the merchant's row, and its key pair, as it is until the transaction ends."""
        ...

    async def rotate_key_pair(
        self, merchant_id: UUID, *, secret_sha256: str, grace: timedelta, at: datetime
    ) -> KeyPair | None:
        """Store another secret of the pair, a revoked one too; None for no such merchant.

        Args:
            merchant_id: Whose pair.
            secret_sha256: Of the new secret.
            grace: How long the secret before authenticates too, in real time. That of a
                revoked pair does not.
            at: Now.
        """
        ...

    async def revoke_key_pair(self, merchant_id: UUID, *, at: datetime) -> KeyPair | None:
        """End the pair, with the secret before it; None for no such merchant."""
        ...

    async def get(self, merchant_id: UUID) -> Merchant | None:
        """The merchant with that id."""
        ...

    async def destinations(self, merchant_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Endpoint]]:
        """Each of these merchants → where its events go, as stored at this moment."""
        ...

    async def configure_webhook(
        self,
        merchant_id: UUID,
        *,
        url: str | Kept | None,
        secret: NewSecret | None,
        first_secret: NewSecret,
        at: datetime,
    ) -> Merchant:
        """Store where webhooks go and what signs them; the merchant as it is then.

        Args:
            merchant_id: Whose.
            url: None sends none.
            secret: None keeps the present one.
            first_secret: For a merchant that has none.
            at: When, in UTC.
        """
        ...

    async def set_scenario(self, merchant_id: UUID, scenario: str | None) -> None:
        """Store what simulators play of payments that name nothing."""
        ...

    async def set_origins(self, merchant_id: UUID, origins: Sequence[str], *, at: datetime) -> None:
        """Store which pages may frame the checkout of the merchant's orders."""
        ...

    async def origins(self, merchant_id: UUID) -> Sequence[str]:
        """What ``set_origins`` stored, or somebody by SQL; empty where any page may."""
        ...

    async def origins_of_order(self, order_id: str) -> Sequence[str]:
        """The same of the merchant whose order it is; empty where there is no such order."""
        ...

    async def retire(self, merchant_id: UUID, *, mail_domain: str) -> bool:
        """Switch off a merchant whose e-mail is of that domain; False if there is none."""
        ...

    async def seed(
        self, merchant: Merchant, *, secret_sha256: str, webhook_secret: NewSecret
    ) -> None:
        """Store the merchant; one with its id gets these credentials and keeps the rest."""
        ...

    async def active_tests(self) -> Sequence[str]:
        """API keys of the active merchants that production must not accept."""
        ...

    async def deactivate_tests(self) -> Sequence[str]:
        """Deactivate those merchants; their API keys."""
        ...

    async def activate_test(self, merchant_id: UUID) -> None:
        """Activate a merchant, if it is one of a test."""
        ...


class PaymentRepository(Protocol):
    """Payments."""

    async def open(
        self,
        change: Change[Payment],
        operation: Operation,
        events: Sequence[StoredEvent],
        decision: Decision | None = None,
    ) -> None:
        """Store a new payment, what is to be asked about it and what to tell.

        Its order is locked by the same transaction.

        Args:
            change: The payment.
            operation: Its charge.
            events: What to tell.
            decision: Who chose its processor, if somebody did.

        Raises:
            OrderNotPayableError: The order has a live or successful payment.
        """
        ...

    async def get(self, payment_id: str) -> Payment | None:
        """The payment with that id, whoever owns it."""
        ...

    async def has_live(self, order_id: str) -> bool:
        """Whether a payment of that order is under way or has succeeded."""
        ...

    async def lock(self, payment_id: str) -> Payment | None:
        """The same, and nobody else changes it until the transaction ends.

        Only inside a transaction, and never while the outside is asked.
        """
        ...

    async def update(self, change: Change[Payment]) -> None:
        """Store a payment that was locked in this transaction."""
        ...

    async def ask(self, change: Change[Payment], operation: Operation) -> None:
        """The same, and what is to be asked of its processor."""
        ...

    async def page(
        self, merchant_id: UUID, *, limit: int, offset: int, search: PaymentSearch = ALL_PAYMENTS
    ) -> Page[Payment]:
        """A merchant's payments."""
        ...

    async def totals(self, merchant_id: UUID) -> PaymentTotals:
        """A merchant's figures."""
        ...

    async def count(self, question: HistoryQuestion) -> PaymentCounts:
        """Count payments of the past; see ``History``."""
        ...

    async def timeline(self, payment_id: str) -> Sequence[Moment]:
        """What happened to a payment, in order."""
        ...


class RefundRepository(Protocol):
    """Refunds."""

    async def open(
        self,
        refund: Refund,
        change: Change[Payment],
        operation: Operation,
        events: Sequence[StoredEvent],
    ) -> None:
        """Store a new refund of a payment that was locked in this transaction."""
        ...

    async def get(self, refund_id: str) -> Refund | None:
        """The refund with that id, whoever owns it."""
        ...

    async def page(
        self, merchant_id: UUID, *, limit: int, offset: int, search: RefundSearch = ALL_REFUNDS
    ) -> Page[Refund]:
        """A merchant's refunds."""
        ...


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
